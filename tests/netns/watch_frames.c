/* Heartbeats and claims of the shared IP, followed live: what is not believed is shown with its reason. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/lab/shell.h"
#include "tests/netns/heartbeats.h"
#include "tests/netns/watching.h"

/* One heartbeat of ha1, as the sniffer recorded it. */
static struct packet record(struct scene *scene) {
	nanos now = clock_now();
	struct heartbeat hb;
	size_t n;
	struct sniffed *frames = sniff_take(scene->sniff, now - scene->within, now, &n);
	size_t i = 0;
	while (i < n && !(frames[i].host == NET_HA1 && heartbeats_read(&frames[i], &hb)))
		i++;
	scene_check(scene, i < n, "ha1 sent no heartbeat for %.0f ms", clock_ms(scene->within));
	struct packet packet = frames[i].packet;
	free(frames);
	return packet;
}

static void send_again(struct scene *scene, const struct packet *packet) {
	int fd = packet_open(scene->net.ns[NET_GATEWAY], PAIR_INTERFACE);
	ssize_t n = send(fd, packet->bytes, packet->len, 0);
	scene_check(scene, n == packet->len, "cannot send: %s", strerror(errno));
	close(fd);
	fault_count();
}

static uint64_t number_of(const struct packet *packet) {
	const struct sniffed frame = {.packet = *packet};
	struct heartbeat hb;
	return heartbeats_read(&frame, &hb) ? hb.seq : 0;
}

NETNS_TEST(watch_frames,
	   "`watch --frames` shows heartbeats in and out, a replay, a wrong key and a stranger, each with its verdict") {
	enum { LAST_OF_MAC = HEARTBEAT_LEN - 1 };
	char numbered[64];
	scene->expects_stranger = true;
	scene_open(scene, NULL);
	net_add(&scene->net, NET_STRANGER);
	scene_start(scene, NET_HA1);
	struct watching watching = watching_start(scene, NET_HA2, "watch --frames --json");
	watching_expect(scene, &watching, (const char *const[]){"\"ok\":true", NULL});
	watching_expect(scene, &watching,
			(const char *const[]){"\"direction\":\"in\"", "\"from\":\"ha1\"", "\"mark\":\"renew\"",
					      "\"verdict\":\"accepted\"", NULL});
	watching_expect(scene, &watching,
			(const char *const[]){"\"direction\":\"out\"", "\"from\":\"ha2\"", "\"verdict\":\"sent\"", NULL});

	struct packet packet = record(scene);
	send_again(scene, &packet);
	shell_print(numbered, sizeof(numbered), "\"seq\":%llu,", (unsigned long long)number_of(&packet));
	watching_expect(scene, &watching, (const char *const[]){numbered, "\"verdict\":\"rejected: replay\"", NULL});
	packet.bytes[ETH_HLEN + LAST_OF_MAC] ^= 1;
	send_again(scene, &packet);
	watching_expect(scene, &watching,
			(const char *const[]){"\"link\":\"eth0\"", "\"verdict\":\"rejected: wrong-key\"", NULL});
	net_stranger_claims(&scene->net, PAIR_SHARED);
	watching_expect(scene, &watching,
			(const char *const[]){"\"kind\":\"arp\"", "\"interface\":\"eth0\"", PAIR_SHARED,
					      "\"verdict\":\"a stranger's\"", NULL});
	net_stranger_leaves(&scene->net, PAIR_SHARED);

	kill(watching.pid, SIGINT);
	int status = watching_end(scene, &watching);
	scene_check(scene, status == EXIT_SUCCESS, "Ctrl-C: exit status %d", status);
}
