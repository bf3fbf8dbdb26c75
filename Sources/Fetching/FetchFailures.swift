package import Diagnostics

extension Failure.Code {
    /// An address that is none, or that may not be read.
    package static let fetchAddress = Self("fetch.address")
    /// The body is larger than allowed.
    package static let fetchTooLarge = Self("fetch.too-large")
    /// The time limit passed.
    package static let fetchTimeout = Self("fetch.timeout")
    /// The connection failed or broke, also when tried again.
    package static let fetchTransport = Self("fetch.transport")
    /// The server could not prove who it is.
    package static let fetchCertificate = Self("fetch.certificate")
    /// The server answered with a status that says no.
    package static let fetchStatus = Self("fetch.status")
    /// The user stopped it.
    package static let fetchCancelled = Self("fetch.cancelled")
}
