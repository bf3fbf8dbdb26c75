/// The JSON Schemas of a directory's files, version 7.
///
/// They lie in the directory's folder `schema`, where a pull request can add a network or a key;
/// without them those in this program are used, which `osodata schema` prints.
package enum DirectorySchema: String, CaseIterable, Sendable {
    case project
    case collection

    /// The file below the directory's root.
    package var path: String { "schema/\(rawValue).json" }

    /// The schema in this program.
    package var json: String {
        switch self {
        case .project: Self.projectText
        case .collection: Self.collectionText
        }
    }

    private static let projectText = """
        {
          "$schema": "https://json-schema.org/draft/2020-12/schema",
          "title": "A project of the directory, version 7",
          "type": "object",
          "additionalProperties": false,
          "required": ["version", "name", "display_name"],
          "properties": {
            "version": {"type": "integer", "description": "7."},
            "name": {"type": "string", "description": "The file's name without .yaml: lower case, digits, single hyphens."},
            "display_name": {"type": "string", "description": "The name people read; no other project has it."},
            "description": {"type": "string", "description": "One or two sentences."},
            "websites": {"$ref": "#/$defs/urls"},
            "social": {"$ref": "#/$defs/social"},
            "github": {"$ref": "#/$defs/urls", "description": "Owners (with all their repositories) or single repositories."},
            "npm": {"$ref": "#/$defs/urls"},
            "crates": {"$ref": "#/$defs/urls"},
            "pypi": {"$ref": "#/$defs/urls"},
            "go": {"$ref": "#/$defs/urls"},
            "open_collective": {"$ref": "#/$defs/urls"},
            "defillama": {"$ref": "#/$defs/urls"},
            "blockchain": {"type": "array", "items": {"$ref": "#/$defs/address"}},
            "token_coingecko_api_id": {"type": "string"},
            "comments": {"type": "array", "items": {"type": "string"}}
          },
          "$defs": {
            "urls": {"type": "array", "items": {"$ref": "#/$defs/url"}},
            "url": {
              "type": "object",
              "additionalProperties": false,
              "required": ["url"],
              "properties": {"url": {"type": "string", "format": "uri"}}
            },
            "social": {
              "type": "object",
              "additionalProperties": false,
              "properties": {
                "farcaster": {"$ref": "#/$defs/urls"},
                "medium": {"$ref": "#/$defs/urls"},
                "mirror": {"$ref": "#/$defs/urls"},
                "telegram": {"$ref": "#/$defs/urls"},
                "twitter": {"$ref": "#/$defs/urls"}
              }
            },
            "address": {
              "type": "object",
              "additionalProperties": false,
              "required": ["address", "tags", "networks"],
              "properties": {
                "address": {"type": "string", "description": "0x and 40 hexadecimal digits."},
                "name": {"type": "string"},
                "tags": {
                  "type": "array",
                  "minItems": 1,
                  "items": {
                    "type": "string",
                    "enum": ["bridge", "contract", "creator", "deployer", "eoa", "factory", "proxy", "safe", "wallet"]
                  }
                },
                "networks": {
                  "type": "array",
                  "minItems": 1,
                  "items": {
                    "type": "string",
                    "enum": [
                      "any_evm", "arbitrum_one", "automata", "base", "bob", "cyber", "frax", "ham", "ink", "kroma", "linea", "lisk",
                      "lyra", "mainnet", "mantle", "matic", "metal", "mint", "mode", "optimism", "orderly", "pgn", "polynomial",
                      "polygon_zkevm", "race", "redstone", "scroll", "shape", "soneium", "swan", "swell", "unichain", "worldchain",
                      "xterio", "zksync_era", "zora"
                    ]
                  }
                }
              }
            }
          }
        }

        """

    private static let collectionText = """
        {
          "$schema": "https://json-schema.org/draft/2020-12/schema",
          "title": "A collection of the directory, version 7",
          "type": "object",
          "additionalProperties": false,
          "required": ["version", "name", "display_name", "projects"],
          "properties": {
            "version": {"type": "integer", "description": "7."},
            "name": {"type": "string", "description": "The file's name without .yaml."},
            "display_name": {"type": "string", "description": "The name people read."},
            "description": {"type": "string"},
            "projects": {"type": "array", "minItems": 1, "items": {"type": "string"}, "description": "Names of projects."},
            "comments": {"type": "array", "items": {"type": "string"}}
          }
        }

        """
}
