import Diagnostics

extension Repository {
    /// Removes a pack that no reference needs any more, whose objects are all in it alone or in
    /// others as well; nothing if it is not there, or an index of several packs may name it.
    ///
    /// The index goes first, so that nobody opens the pack anew; who has it open can read on.
    ///
    /// - Parameter name: of its files, without their endings.
    package func removePack(_ name: String) {
        let names = Files.names(in: packDirectory)
        guard names.contains(name + ".pack"), !names.contains("multi-pack-index"),
            !names.contains(name + ".keep")
        else { return }
        for ending in [".idx", ".rev", ".bitmap", ".pack"] where names.contains(name + ending) {
            try? Files.remove("\(packDirectory)/\(name)\(ending)")
        }
    }
}
