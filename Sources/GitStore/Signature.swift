/// Who did something, and when.
package struct Signature: Hashable, Sendable {
    package var name: String
    package var email: String
    /// Seconds since 1970-01-01T00:00:00Z.
    package var time: Int64
    /// Minutes that the author's clock is ahead of UTC.
    package var offset: Int

    /// Makes a signature; characters that git does not allow in it are dropped when it is written.
    package init(name: String, email: String, time: Int64, offset: Int) {
        self.name = name
        self.email = email
        self.time = time
        self.offset = offset
    }
}
