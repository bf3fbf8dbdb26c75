import CConfinement
package import Diagnostics
import Glibc

/// What the system holds a process of ours to, in which a statement of somebody nobody knows runs.
package struct Confinement: Sendable {
    /// Bytes the process may allocate, the stacks of its threads among them.
    package let memory: Int
    /// Seconds of processor time, all threads together.
    package let processorSeconds: Int

    /// Makes a confinement.
    package init(memory: Int, processorSeconds: Int) {
        self.memory = memory
        self.processorSeconds = processorSeconds
    }

    /// Holds this process to it, for good.
    ///
    /// Besides, it ends with the thread that started it, can start no program and no process, make
    /// no socket, and make, write, rename or remove no file; those calls fail.
    ///
    /// - Throws: `query.confinement` where the system cannot do that.
    package func enter() throws(Failure) {
        try limit(RLIMIT_DATA, to: memory)
        // At the second limit the signal is one that a dozen other things send too.
        try limit(RLIMIT_CPU, to: processorSeconds, atMost: processorSeconds + 1)
        try limit(RLIMIT_FSIZE, to: 0)
        try limit(RLIMIT_CORE, to: 0)
        let error = osodata_confine()
        guard error == 0 else { throw Self.failure("The system did not take the filter", error) }
    }

    private func limit(
        _ resource: __rlimit_resource,
        to value: Int,
        atMost most: Int? = nil
    ) throws(Failure) {
        var limit = rlimit(rlim_cur: rlim_t(value), rlim_max: rlim_t(most ?? value))
        guard unsafe setrlimit(__rlimit_resource_t(resource.rawValue), &limit) == 0 else {
            throw Self.failure("The system did not take a limit", errno)
        }
    }

    private static func failure(_ message: String, _ error: Int32) -> Failure {
        Failure(
            .queryConfinement,
            "\(message) of a process for statements nobody knows.",
            hint: "--sandbox needs Linux 4.7 with seccomp.",
            cause: unsafe String(cString: strerror(error))
        )
    }
}

extension Failure.Code {
    /// A process cannot be confined or started, or ended without saying why.
    package static let queryConfinement = Self("query.confinement")
    /// A statement took longer than it may.
    package static let queryTimeout = Self("query.timeout")
}
