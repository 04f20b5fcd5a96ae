/* Clients of the control socket that begin a request and never end it, never read, or talk nonsense. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/lab/shell.h"
#include "tests/netns/test.h"

static int connect_to(struct scene *scene, enum net_host host) {
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	shell_print(address.sun_path, sizeof(address.sun_path), "%s/run/control.sock", scene->pair.node[host].dir);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error = connect(fd, (struct sockaddr *)&address, sizeof(address)) ? errno : 0;
	scene_check(scene, fd >= 0 && !error, "cannot connect to %s: %s", address.sun_path, strerror(error));
	return fd;
}

NETNS_TEST(stuck_clients, "clients that hang, never read or talk nonsense: the others are answered, the pair stays") {
	static const char *const texts[] = {"", "{\"verb\":", "{\"verb\":\"status\"}\n{\"verb\":\"status\"}\n",
					    "\xff\xfe nonsense\n"};
	enum { CLIENTS = sizeof(texts) / sizeof(*texts) };
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	nanos fault = clock_now();
	int fd[CLIENTS];
	fault_count();
	for (unsigned i = 0; i < CLIENTS; i++) {
		fd[i] = connect_to(scene, NET_HA1);
		/* What it cannot take, it does not get. */
		ssize_t n = send(fd[i], texts[i], strlen(texts[i]), MSG_NOSIGNAL);
		scene_check(scene, n >= 0 || errno == EAGAIN || errno == EPIPE, "cannot send: %s", strerror(errno));
	}
	scene_verb(scene, NET_HA1, "status");
	scene_verb(scene, NET_HA1, "pause");
	scene_verb(scene, NET_HA1, "resume");
	scene_watch(scene, NET_HA1, fault, 2 * scene->within);
	for (unsigned i = 0; i < CLIENTS; i++)
		close(fd[i]);
	scene_verb(scene, NET_HA1, "status");
}
