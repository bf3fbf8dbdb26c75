// What a process does to itself before it runs a statement of somebody nobody knows. In C, since
// prctl takes any number of arguments and filters are written in macros.
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

// The system's headers show these to who asks for all of GNU's, which Swift does not.
int pipe2(int ends[2], int flags);
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);

#if defined(__x86_64__)
#define OSODATA_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OSODATA_ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#define OSODATA_LOAD(FIELD) \
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, FIELD))
#define OSODATA_RETURN(VALUE) BPF_STMT(BPF_RET | BPF_K, (VALUE))
#define OSODATA_REFUSE(CALL)                                 \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##CALL, 0, 1),  \
        OSODATA_RETURN(SECCOMP_RET_ERRNO | EPERM)
// Refuses a call if one of some bits of an argument is set (SET 1) or none is (SET 0).
#define OSODATA_REFUSE_BITS(CALL, ARGUMENT, BITS, SET)                   \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##CALL, 0, 4),              \
        OSODATA_LOAD(args[ARGUMENT]),                                    \
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (BITS), (SET), !(SET)),     \
        OSODATA_RETURN(SECCOMP_RET_ALLOW),                               \
        OSODATA_RETURN(SECCOMP_RET_ERRNO | EPERM)

/// For good: ends this process when the thread that started it ends; no program can be started, no
/// process be made or sent a signal, no socket be made, and no file be made, written, renamed or
/// removed. 0, or the number of an error.
static inline int osodata_confine(void) {
    struct sock_filter filter[] = {
        OSODATA_LOAD(arch),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OSODATA_ARCHITECTURE, 1, 0),
        OSODATA_RETURN(SECCOMP_RET_KILL_PROCESS),
        OSODATA_LOAD(nr),
#if defined(__x86_64__)
        // Calls of the x32 ABI, which have other numbers.
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1),
        OSODATA_RETURN(SECCOMP_RET_KILL_PROCESS),
#endif
        // Threads may be made, by the call whose flags can be seen.
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone3, 0, 1),
        OSODATA_RETURN(SECCOMP_RET_ERRNO | ENOSYS),
        OSODATA_REFUSE_BITS(clone, 0, CLONE_THREAD, 0),
        OSODATA_REFUSE(execve),
        OSODATA_REFUSE(execveat),
        OSODATA_REFUSE(kill),
        OSODATA_REFUSE(pidfd_send_signal),
        OSODATA_REFUSE(ptrace),
        OSODATA_REFUSE(process_vm_readv),
        OSODATA_REFUSE(process_vm_writev),
        OSODATA_REFUSE(io_uring_setup),
        OSODATA_REFUSE(bpf),
        OSODATA_REFUSE(socket),
        OSODATA_REFUSE(socketpair),
        OSODATA_REFUSE_BITS(openat, 2, O_ACCMODE | O_CREAT | O_TRUNC, 1),
        OSODATA_REFUSE(openat2),
        OSODATA_REFUSE(open_by_handle_at),
        OSODATA_REFUSE(truncate),
        OSODATA_REFUSE(unlinkat),
        OSODATA_REFUSE(renameat2),
        OSODATA_REFUSE(mkdirat),
        OSODATA_REFUSE(mknodat),
        OSODATA_REFUSE(linkat),
        OSODATA_REFUSE(symlinkat),
        OSODATA_REFUSE(fchmodat),
        OSODATA_REFUSE(fchownat),
        OSODATA_REFUSE(setxattr),
        OSODATA_REFUSE(lsetxattr),
        OSODATA_REFUSE(removexattr),
        OSODATA_REFUSE(lremovexattr),
        OSODATA_REFUSE(mount),
#ifdef __NR_renameat
        OSODATA_REFUSE(renameat),
#endif
#if defined(__x86_64__)
        OSODATA_REFUSE(fork),
        OSODATA_REFUSE(vfork),
        OSODATA_REFUSE_BITS(open, 1, O_ACCMODE | O_CREAT | O_TRUNC, 1),
        OSODATA_REFUSE(creat),
        OSODATA_REFUSE(unlink),
        OSODATA_REFUSE(rmdir),
        OSODATA_REFUSE(rename),
        OSODATA_REFUSE(mkdir),
        OSODATA_REFUSE(mknod),
        OSODATA_REFUSE(link),
        OSODATA_REFUSE(symlink),
        OSODATA_REFUSE(chmod),
        OSODATA_REFUSE(chown),
        OSODATA_REFUSE(lchown),
#endif
        OSODATA_RETURN(SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return errno;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno;
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) != 0) return errno;
    return 0;
}
