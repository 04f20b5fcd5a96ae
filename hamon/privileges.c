/* Privileges given up, as privileges.h says. Capabilities by the raw system calls: two of them do not need a library. */
#include "hamon/privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BIT(capability) (UINT64_C(1) << (capability))

static const uint64_t monitor_keeps = BIT(CAP_NET_ADMIN) | BIT(CAP_NET_RAW) | BIT(CAP_SYS_NICE) | BIT(CAP_IPC_LOCK);

/* Needs CAP_SETPCAP: before keep_only(). A number that this kernel does not know ends the list (capabilities(7)). */
static int bound_to(uint64_t kept) {
	for (int capability = 0; capability < 64; capability++) {
		int has = prctl(PR_CAPBSET_READ, capability, 0, 0, 0);
		if (has < 0)
			break;
		if (has && !(kept & BIT(capability)) && prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0)
			return -errno;
	}
	return 0;
}

/* What is to be kept and is missing stays missing (a container may have taken it): the one who needs it will say so. */
static int keep_only(uint64_t kept) {
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	for (unsigned i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		data[i].permitted &= (uint32_t)(kept >> (32 * i));
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

int privileges_monitor(void) {
	int rc = bound_to(monitor_keeps);
	if (rc == 0)
		rc = keep_only(monitor_keeps);
	if (rc == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		rc = -errno;
	return rc;
}

static int become(const struct passwd *user) {
	if (setgroups(0, NULL) < 0 || setresgid(user->pw_gid, user->pw_gid, user->pw_gid) < 0 ||
	    setresuid(user->pw_uid, user->pw_uid, user->pw_uid) < 0)
		return -errno;
	return 0;
}

int privileges_worker(void) {
	const struct passwd *user = getpwnam("hamon");
	if (!user)
		user = getpwnam("nobody");
	if (!user || user->pw_uid == 0)
		return -ENOENT;
	int rc = bound_to(0);
	if (rc == 0)
		rc = become(user);
	if (rc == 0)
		rc = keep_only(0);
	if (rc == 0 && (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0))
		rc = -errno;
	return rc;
}
