/* The sniffer on the switch: every frame that a node emits, with the kernel's stamp, whatever the node thinks it did. */
#include "tests/lab/packet.h"
#include "tests/witness/roles.h"

enum { READ = 32 };

/* Frames wait in the sockets meanwhile, stamped already: to be woken for each one would only take time from the nodes. */
#define STEP NANOS_MS

static void drain(struct record_captured *record, enum net_host host, int fd) {
	struct packet packets[READ];
	for (size_t n; (n = packet_read(fd, packets, READ)) > 0;) {
		uint64_t at = atomic_load_explicit(&record->frames, memory_order_relaxed);
		for (size_t i = 0; i < n; i++)
			record->ring[(at + i) % RECORD_FRAMES] = (struct sniffed){host, packets[i]};
		atomic_store_explicit(&record->frames, at + n, memory_order_release);
	}
	record->head.lost += packet_drops(fd);
}

void role_capture(struct record_captured *record) {
	int fd[NET_NODES];
	for (unsigned host = 0; host < NET_NODES; host++)
		fd[host] = packet_open(record->ns, record->port[host]);
	for (;;) {
		nanos begun = clock_now();
		for (unsigned host = 0; host < NET_NODES; host++)
			drain(record, host, fd[host]);
		record->head.done = begun;
		clock_sleep_until(begun + STEP);
	}
}
