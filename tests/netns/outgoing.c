/* A process on the node writes from the shared IPs to a client, all the time, as a database answers or a web server pushes:
 * the node's kernel may send it only while the node has the lease. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/lab/child.h"
#include "tests/lab/shell.h"
#include "tests/netns/owners.h"

#define SHARED6 "2001:db8::100"

enum { DISCARD = 9 }; /* port, RFC 863 */

static int connected(const char *from, const char *to) {
	struct sockaddr_in6 source = {.sin6_family = AF_INET6},
			    target = {.sin6_family = AF_INET6, .sin6_port = htons(DISCARD)};
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (inet_pton(AF_INET6, from, &source.sin6_addr) != 1 || inet_pton(AF_INET6, to, &target.sin6_addr) != 1 ||
	    fd < 0 || bind(fd, (struct sockaddr *)&source, sizeof(source)) ||
	    connect(fd, (struct sockaddr *)&target, sizeof(target)))
		shell_die("no socket from %s to %s: %s", from, to, strerror(errno));
	return fd;
}

/* Starts the process, on the primary. It cares for no error: what may not leave, does not. */
static pid_t speak(struct scene *scene, enum net_host host) {
	pid_t pid = child_fork();
	if (pid > 0)
		return pid;
	close(shell_enter(scene->net.ns[host]));
	int v4 = connected("::ffff:" PAIR_SHARED, "::ffff:192.0.2.9"), v6 = connected(SHARED6, "2001:db8::9");
	for (;; clock_sleep_until(clock_now() + NANOS_MS)) {
		(void)!send(v4, "", 1, MSG_NOSIGNAL);
		(void)!send(v6, "", 1, MSG_NOSIGNAL);
	}
}

/* The frames that the process sent since then: there must be some, or the test tests nothing. */
static void expect_spoken(struct scene *scene, const char *shared, nanos since) {
	struct frame_ip ip = frame_ip(shared);
	for (nanos end = scene_patience(scene);; clock_sleep_until(clock_now() + NANOS_MS)) {
		size_t n;
		bool spoken = false;
		struct sniffed *frames = sniff_take(scene->sniff, since, clock_now(), &n);
		for (size_t i = 0; i < n && !spoken; i++) {
			struct frame_view view = sniff_view(&frames[i]);
			spoken = frames[i].host == NET_HA1 && view.kind == FRAME_DATA && frame_ip_equal(&view.source, &ip);
		}
		free(frames);
		if (spoken)
			return;
		scene_check(scene, clock_now() < end, "nothing was sent from %s", shared);
	}
}

NETNS_TEST(
	outgoing,
	"a process writes from the shared IPs while the primary is stopped: no frame leaves once the other node speaks") {
	scene_open(scene, &(struct pair_conf){
				  .shared_ips = "{ address = \"" PAIR_SHARED "/24\" interface = \"eth0\" },"
						"{ address = \"" SHARED6 "/64\" interface = \"eth0\" }",
			  });
	scene_start(scene, NET_HA1);
	pid_t speaker = speak(scene, NET_HA1);
	expect_spoken(scene, PAIR_SHARED, clock_now());
	expect_spoken(scene, SHARED6, clock_now());
	nanos fault = clock_now();
	pair_stop_all(&scene->pair, NET_HA1);
	scene_moved(scene, NET_HA1, NET_HA2, fault, scene->within);
	scene_watch(scene, NET_HA2, fault + scene->within, scene->within);
	scene_check(scene, child_alive(speaker), "the process ended");
	owners_check(scene, PAIR_SHARED, NET_HA1, fault);
	owners_check(scene, SHARED6, NET_HA1, fault);
	child_end(speaker);
}
