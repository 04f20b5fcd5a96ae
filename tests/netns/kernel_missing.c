/* A kernel without nf_tables: here one that refuses the sockets to it, for the daemon and all that it starts. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/lab/shell.h"
#include "tests/netns/test.h"

/* The low half of an argument, which holds all of an int. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ARGUMENT(number) offsetof(struct seccomp_data, args[number])
#else
#define ARGUMENT(number) (offsetof(struct seccomp_data, args[number]) + sizeof(uint32_t))
#endif

/* From now on this process gets no socket of nf_tables, and neither does what it starts: socket() fails as it does where
 * the kernel knows no such protocol. */
static void refuse_nf_tables(void) {
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 5),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ARGUMENT(0)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ARGUMENT(2)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NETLINK_NETFILTER, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPROTONOSUPPORT),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = sizeof(filter) / sizeof(*filter), .filter = filter};
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		shell_die("no filter of system calls: %s", strerror(errno));
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	if (fd >= 0 || errno != EPROTONOSUPPORT)
		shell_die("the filter of system calls does not work");
}

NETNS_TEST(kernel_missing,
	   "the kernel has no nf_tables: refused, with what is missing and the way out; lease = \"off\" starts") {
	enum { FAILED = 1 };
	static const char *const said[] = {"this kernel cannot keep the lease", "nf_tables", "Protocol not supported",
					   "lease = \"off\""};
	scene_open(scene, NULL);
	fault_count();
	refuse_nf_tables();
	pair_start(&scene->pair, NET_HA1);
	int status = pair_wait_end(&scene->pair, NET_HA1, scene_patience(scene));
	scene_check(scene, status == FAILED, "the daemon ended with %d, not %d", status, FAILED);
	for (size_t i = 0; i < sizeof(said) / sizeof(*said); i++)
		scene_check(scene, pair_logged(&scene->pair, NET_HA1, said[i]), "its log does not say: %s", said[i]);
	scene_check(scene, !pair_holds(&scene->pair, NET_HA1, PAIR_SHARED), "ha1 bears the shared IP");

	for (unsigned host = 0; host < NET_NODES; host++)
		pair_configure(&scene->pair, host, &(struct pair_conf){.within = scene->within, .lease_off = true});
	scene_start(scene, NET_HA1);
	scene_wait(scene, NET_HA1, "/lease/in_kernel", "false");
	nanos fault = clock_now();
	scene_verb(scene, NET_HA2, "takeover");
	scene_served(scene, NET_HA2, fault, SCENE_PLANNED, true);
}
