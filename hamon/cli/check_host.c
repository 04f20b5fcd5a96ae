/* What a configuration asks of the host that it is checked on, as check.h says: its key, interfaces, addresses and commands.
 * A daemon would not start without the key; the rest may still come, an interface for one, and is worth a warning. */
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hamon/auth.h"
#include "hamon/cli/check.h"

/* Is this host the node that was asked for? Its name may be longer than the node's, by its domain. */
static bool is_here(const struct conf *conf) {
	const char *name = conf->nodes[conf->self].name;
	char host[256] = "";
	if (gethostname(host, sizeof host))
		return false;
	host[sizeof host - 1] = '\0';
	if (strcmp(host, name) == 0)
		return true;
	host[strcspn(host, ".")] = '\0';
	return strcmp(host, name) == 0;
}

/* ---- the key ---- */

/* Whoever may not read the key can see whether it is there, and who else may read it. */
static int look_at_key(const char *path) {
	struct stat st;
	if (stat(path, &st) < 0)
		return -errno;
	return !S_ISREG(st.st_mode) ? -EINVAL : st.st_mode & (S_IRWXG | S_IRWXO) ? -EPERM : 0;
}

static int examine_key(const char *path) {
	uint8_t key[AUTH_KEY];
	if (geteuid() != 0)
		return look_at_key(path);
	int rc = auth_key_load(path, key);
	explicit_bzero(key, sizeof key);
	return rc;
}

/* ---- interfaces and addresses ---- */

static void warn_of_interface(const char *name, struct conf_errors *errors) {
	if (*name && if_nametoindex(name) == 0 && errno == ENODEV)
		conf_warn(errors, "there is no interface %s on this host", name);
}

/* Those of the links, then those of the shared IPs, each once. */
static void warn_of_interfaces(const struct conf *c, struct conf_errors *errors) {
	const char *names[CORE_LINKS + CORE_IPS];
	unsigned n = 0;
	for (unsigned i = 0; i < c->links_n + c->ips_n; i++) {
		const char *name = i < c->links_n ? c->links[i].interface : c->ips[i - c->links_n].interface;
		unsigned known = 0;
		while (known < n && strcmp(names[known], name) != 0)
			known++;
		if (known < n)
			continue;
		names[n++] = name;
		warn_of_interface(name, errors);
	}
}

static bool is_address(const struct sockaddr *socket, const struct ip_address *address) {
	if (!socket || socket->sa_family != address->family)
		return false;
	if (address->family == AF_INET)
		return memcmp(&((const struct sockaddr_in *)socket)->sin_addr, address->bytes, sizeof(struct in_addr)) == 0;
	return memcmp(&((const struct sockaddr_in6 *)socket)->sin6_addr, address->bytes, sizeof(struct in6_addr)) == 0;
}

static void warn_of_addresses(const struct conf *c, struct conf_errors *errors) {
	struct ifaddrs *list;
	char text[INET6_ADDRSTRLEN];
	if (getifaddrs(&list) < 0)
		return;
	for (unsigned i = 0; i < c->links_n; i++) {
		const struct ip_address *own = &c->links[i].address[c->self];
		const struct ifaddrs *at = list;
		while (at && !is_address(at->ifa_addr, own))
			at = at->ifa_next;
		if (c->links[i].transport == TRANSPORT_UDP && !at)
			conf_warn(errors, "no interface of this host has the address %s of link %s",
				  conf_address_text(own, text), c->links[i].name);
	}
	freeifaddrs(list);
}

/* ---- commands ---- */

/* The path that a command line begins with; false: it begins otherwise, or in a way that only a shell understands. */
static bool first_path(const char *command, char path[static CONF_COMMAND]) {
	command += strspn(command, " \t");
	size_t length = strcspn(command, " \t\n;&|<>()");
	memcpy(path, command, length);
	path[length] = '\0';
	return *path == '/' && path[strcspn(path, "\\\"'`$*?[{")] == '\0';
}

/* The commands run as root, to whom any of the three bits is enough. */
static void warn_of_commands(const struct conf *c, struct conf_errors *errors) {
	for (unsigned i = 0; i < RUN__COUNT; i++) {
		char path[CONF_COMMAND];
		struct stat st;
		if (!first_path(c->command[i], path))
			continue;
		if (stat(path, &st) < 0 ? errno == ENOENT || errno == ENOTDIR
					: !S_ISREG(st.st_mode) || !(st.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)))
			conf_warn(errors, "%s: %.150s is no executable file on this host", run_name((enum run)i), path);
	}
}

int check_host(const struct conf *conf, struct conf_errors *errors) {
	bool here = is_here(conf);
	int rc = examine_key(conf->psk_file);
	if (here) {
		warn_of_interfaces(conf, errors);
		warn_of_addresses(conf, errors);
		warn_of_commands(conf, errors);
	}
	if (rc == 0)
		return 0;
	/* To be refused the look is not to know. */
	if (here && (geteuid() == 0 || rc != -EACCES)) {
		conf_complain(errors, conf->psk_file, 0, "%s", auth_key_reason(rc));
		return -EINVAL;
	}
	conf_warn(errors, "psk-file %.100s: %s", conf->psk_file, auth_key_reason(rc));
	return 0;
}
