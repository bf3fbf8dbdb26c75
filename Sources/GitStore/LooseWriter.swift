import Diagnostics

/// Writes objects as files of their own.
enum LooseWriter {
    /// Writes `objects`: all files, then all to disk, then all names, then the folders to disk.
    ///
    /// - Returns: how many bytes they take.
    static func write(
        _ objects: [NewObject],
        objectFolder: String,
        packFolder: String
    ) throws(Failure) -> Int {
        var files: [(NewObject, TemporaryFile)] = []
        var size = 0
        for object in objects {
            let temporary = try TemporaryFile(in: packFolder)
            let bytes = object.looseBytes
            try temporary.file.write(bytes)
            size += bytes.count
            files.append((object, temporary))
        }
        for (_, temporary) in files { try temporary.file.sync() }
        var folders: Set<String> = [objectFolder]
        for (object, temporary) in files {
            let path = path(object.id, in: objectFolder)
            let folder = String(path.dropLast(39))
            if folders.insert(folder).inserted { try Files.makeFolder(folder) }
            try temporary.publish(as: path)
        }
        for folder in folders.sorted() { try Files.syncFolder(folder) }
        return size
    }

    /// Where an object lies as a file of its own.
    static func path(_ id: ObjectID, in objectFolder: String) -> String {
        let hex = id.hex
        return "\(objectFolder)/\(hex.prefix(2))/\(hex.dropFirst(2))"
    }
}
