/* The frames of the lab's witness: ARP requests, neighbour solicitations, echo requests and UDP datagrams built, and what
 * comes back parsed. Written from the RFCs (826, 792, 768, 4861, 4443), apart from the daemon's own code. */
#ifndef LAB_FRAME_H
#define LAB_FRAME_H

#include <net/ethernet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FRAME_MAX = 128, FRAME_HEARTBEAT_TYPE = 0x88b5 };

/* An IPv4 or IPv6 address; IPv4 in the first four bytes, the rest zero. */
struct frame_ip {
	uint8_t family; /* AF_INET, AF_INET6 */
	uint8_t bytes[16];
};

/* From text; dies on what is none. */
struct frame_ip frame_ip(const char *text);
bool frame_ip_equal(const struct frame_ip *a, const struct frame_ip *b);

/* Who asks whom. */
struct frame_ends {
	uint8_t from_mac[ETH_ALEN], to_mac[ETH_ALEN];
	struct frame_ip from, to; /* of the same family */
};

/* ARP who-has, or neighbour solicitation, for ends->to. Returns the frame's length. */
size_t frame_solicit(const struct frame_ends *ends, uint8_t out[static FRAME_MAX]);

/* Echo request that carries the number. Returns the frame's length. */
size_t frame_echo(const struct frame_ends *ends, uint64_t number, uint8_t out[static FRAME_MAX]);

/* UDP datagram to the port that carries the number. Returns the frame's length. */
size_t frame_udp(const struct frame_ends *ends, uint16_t port, uint64_t number, uint8_t out[static FRAME_MAX]);

/* The destination MAC that reaches everybody who may hold the address. */
void frame_everybody(const struct frame_ip *ip, uint8_t mac[static ETH_ALEN]);

enum frame_kind {
	FRAME_OTHER,
	FRAME_HEARTBEAT,
	FRAME_SOLICITATION,  /* ARP request, neighbour solicitation */
	FRAME_ADVERTISEMENT, /* ARP reply, neighbour advertisement */
	FRAME_ECHO_REPLY,
	FRAME_UDP_REPLY, /* our UDP datagram sent back, or an ICMP error that quotes it */
	FRAME_DATA,      /* any other IPv4 or IPv6 */
};

/* What a frame says. */
struct frame_view {
	enum frame_kind kind;
	const uint8_t *from_mac;
	struct frame_ip claimed; /* whose presence it asserts: ARP sender, advertisement target, or the IP source */
	struct frame_ip source;  /* ARP sender, IP source */
	struct frame_ip to;      /* ARP target, IP destination */
	uint64_t number;         /* FRAME_ECHO_REPLY, FRAME_UDP_REPLY: what the question carried; 0: not ours */
};

void frame_parse(const uint8_t *bytes, size_t len, struct frame_view *out);

#endif
