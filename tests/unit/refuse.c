/* Refuses socket(AF_NETLINK, ..., NETLINK_NETFILTER) by a seccomp filter, see refuse.h. */
#include "tests/unit/refuse.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

/* Of an argument the lower half: where it lies depends on the byte order. */
#define HIGH_FIRST        (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
#define ARGUMENT(n)       (offsetof(struct seccomp_data, args[n]) + (HIGH_FIRST ? sizeof(__u32) : 0))
#define LOAD(at)          BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (at))
#define UNLESS(value, to) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, (to))
#define RETURN(what)      BPF_STMT(BPF_RET | BPF_K, (what))

void refuse_nf_tables(void) {
	struct sock_filter filter[] = {
		LOAD(offsetof(struct seccomp_data, nr)),
		UNLESS(SYS_socket, 5),
		LOAD(ARGUMENT(0)),
		UNLESS(AF_NETLINK, 3),
		LOAD(ARGUMENT(2)),
		UNLESS(NETLINK_NETFILTER, 1),
		RETURN(SECCOMP_RET_ERRNO | EPROTONOSUPPORT),
		RETURN(SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = sizeof(filter) / sizeof(filter[0]), .filter = filter};
	cr_assert_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	cr_assert_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
	cr_assert_lt(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER), 0);
}
