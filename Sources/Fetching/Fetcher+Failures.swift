import CCurl
import Diagnostics

/// What goes wrong, in words.
extension Fetcher {
    /// Whether trying again may help with an answer of this status.
    static func mayPass(_ status: Int, isAskedToWait: Bool) -> Bool {
        switch status {
        case 408, 429: true
        // GitHub answers 403 where others answer 429, and then says how long to wait.
        case 403: isAskedToWait
        case 501, 505: false
        case 500..<600: true
        default: false
        }
    }

    /// The failure of a transfer that may go better next time; throws that of one that will not.
    static func failure(
        of end: Transfer.End,
        _ request: FetchRequest
    ) throws(Failure) -> Failure {
        switch end.code {
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR,
            CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SSL_INVALIDCERTSTATUS:
            throw Failure(
                .fetchCertificate,
                "The server of \"\(request.url)\" could not prove who it is.",
                hint: "If you trust its certificate, name the file with SSL_CERT_FILE.",
                cause: end.message
            )
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL:
            throw Failure(
                .fetchAddress,
                "\"\(request.url)\" is not an address that can be fetched, or leads to one.",
                cause: end.message
            )
        case CURLE_TOO_MANY_REDIRECTS:
            throw Failure(
                .fetchAddress,
                "\"\(request.url)\" redirects without end.",
                cause: end.message
            )
        case CURLE_FILE_COULDNT_READ_FILE:
            throw Failure(.fetchTransport, "\"\(request.url)\" cannot be read.", cause: end.message)
        case CURLE_OPERATION_TIMEDOUT:
            return Failure(
                .fetchTimeout,
                "\"\(request.url)\" took too long.",
                hint: "Try again later, or raise the time limit.",
                cause: end.message
            )
        default:
            return Failure(
                .fetchTransport,
                "\"\(request.url)\" could not be fetched.",
                hint: "Check the network and the address.",
                cause: end.message
            )
        }
    }

    /// The failure of an answer that says no.
    static func refusal(_ status: Int, _ answer: [UInt8], _ request: FetchRequest) -> Failure {
        let text = String(decoding: answer, as: UTF8.self)
        let hint: String? =
            switch status {
            case 401, 403: "Check that you may read it, and the token if one is needed."
            case 429: "Too many requests: run again later."
            default: nil
            }
        return Failure(
            .fetchStatus,
            "\"\(request.url)\" answered with status \(status).",
            hint: hint,
            cause: text.isEmpty ? nil : text
        )
    }

    static func cancelled(_ url: String) -> Failure {
        Failure(.fetchCancelled, "Fetching \"\(url)\" was stopped.")
    }

    /// The failure when the next attempt would start after the time limit.
    static func outOfTime(_ failure: Failure, wait: Double, asked: Double?) -> Failure {
        guard asked != nil else { return failure }
        return Failure(
            failure.code,
            failure.message,
            hint: "The server asks to wait \(Int(wait.rounded(.up))) seconds: run again then.",
            cause: failure.cause
        )
    }

    static func adding(_ sentence: String, to failure: Failure) -> Failure {
        Failure(
            failure.code,
            "\(failure.message) \(sentence)",
            hint: failure.hint,
            place: failure.place,
            cause: failure.cause
        )
    }
}
