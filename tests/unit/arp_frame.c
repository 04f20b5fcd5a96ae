/* Frames that say where an address is, byte for byte as the RFCs draw them, and what is refused. */
#include "arp/frame.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static const uint8_t mac[FRAME_MAC_LEN] = {0x02, 0x00, 0x5e, 0x10, 0x00, 0x01};
static const struct ip_address ipv4 = {.family = AF_INET, .bytes = {192, 0, 2, 10}};
static const struct ip_address ipv6 = {.family = AF_INET6, .bytes = {0x20, 0x01, 0x0d, 0xb8, [15] = 0x10}};

/* clang-format off */

/* RFC 826, RFC 5227 section 2.3: the ARP announcement. */
static const uint8_t request[FRAME_ARP_LEN] = {
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff,     /* to all */
	0x02, 0x00, 0x5e, 0x10, 0x00, 0x01,     /* from us */
	0x08, 0x06,                             /* ARP */
	0x00, 0x01,  0x08, 0x00,  6,  4,        /* for Ethernet and IPv4, lengths 6 and 4 */
	0x00, 0x01,                             /* request */
	0x02, 0x00, 0x5e, 0x10, 0x00, 0x01,     /* sender hardware address */
	192, 0, 2, 10,                          /* sender protocol address */
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00,     /* target hardware address: zero in a request */
	192, 0, 2, 10,                          /* target protocol address: the sender's */
};

/* RFC 5944 section 4.6: the gratuitous reply, in which the target hardware address is the sender's. */
static const uint8_t reply[FRAME_ARP_LEN] = {
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0x02, 0x00, 0x5e, 0x10, 0x00, 0x01,
	0x08, 0x06,
	0x00, 0x01,  0x08, 0x00,  6,  4,
	0x00, 0x02,                             /* reply */
	0x02, 0x00, 0x5e, 0x10, 0x00, 0x01,
	192, 0, 2, 10,
	0x02, 0x00, 0x5e, 0x10, 0x00, 0x01,
	192, 0, 2, 10,
};

/* RFC 4861 sections 4.4, 4.6.1 and 7.2.6. Checksum by RFC 8200 section 8.1, added up by hand, in 16-bit words:
 * source 0x2001 + 0x0db8 + 0x0010 = 0x2dc9; destination 0xff02 + 0x0001 = 0xff03; length 0x0020; next header 0x003a;
 * type 0x8800; flags 0x2000; target 0x2dc9; option 0x0201 + 0x0200 + 0x5e10 + 0x0001 = 0x6212.
 * In all 0x26501, folded 0x6503, its complement 0x9afc. */
static const uint8_t advertisement[FRAME_NA_LEN] = {
	0x33, 0x33, 0x00, 0x00, 0x00, 0x01,     /* RFC 2464 section 7: all nodes */
	0x02, 0x00, 0x5e, 0x10, 0x00, 0x01,
	0x86, 0xdd,                             /* IPv6 */
	0x60, 0x00, 0x00, 0x00,                 /* version 6 */
	0x00, 0x20,  58,  255,                  /* 32 octets of ICMPv6, hop limit 255 */
	0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
	0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01,
	136, 0,  0x9a, 0xfc,                    /* neighbour advertisement, code 0, checksum */
	0x20, 0x00, 0x00, 0x00,                 /* override; neither router nor solicited */
	0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
	2, 1,                                   /* target link-layer address, one unit of eight octets */
	0x02, 0x00, 0x5e, 0x10, 0x00, 0x01,
};

/* RFC 5227 section 2.1.1: the ARP probe. */
static const uint8_t probe[FRAME_ARP_LEN] = {
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0x02, 0x00, 0x5e, 0x10, 0x00, 0x01,
	0x08, 0x06,
	0x00, 0x01,  0x08, 0x00,  6,  4,
	0x00, 0x01,                             /* request */
	0x02, 0x00, 0x5e, 0x10, 0x00, 0x01,
	0, 0, 0, 0,                             /* sender protocol address: zero, so that no cache learns it */
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	192, 0, 2, 10,                          /* the address in question */
};

/* RFC 4861 section 4.3, RFC 4862 section 5.4.2, RFC 4291 section 2.7.1. The address ends in 0x0010, its last three octets
 * are 00:00:10. Checksum, in 16-bit words: source 0; destination 0xff02 + 0x0001 + 0xff00 + 0x0010 = 0x1fe13; length
 * 0x0018; next header 0x003a; type 0x8700; target 0x2001 + 0x0db8 + 0x0010 = 0x2dc9. In all 0x2b32e, folded 0xb330, its
 * complement 0x4ccf. */
static const uint8_t solicitation[FRAME_NS_LEN] = {
	0x33, 0x33, 0xff, 0x00, 0x00, 0x10,     /* RFC 2464 section 7: the group's last four octets */
	0x02, 0x00, 0x5e, 0x10, 0x00, 0x01,
	0x86, 0xdd,
	0x60, 0x00, 0x00, 0x00,
	0x00, 0x18,  58,  255,                  /* 24 octets of ICMPv6, hop limit 255 */
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01, 0xff, 0x00, 0x00, 0x10,
	135, 0,  0x4c, 0xcf,                    /* neighbour solicitation, code 0, checksum */
	0x00, 0x00, 0x00, 0x00,
	0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
};

/* The same, as a host asks that has the address ...::20 itself: to the group of ...::10, with its link-layer address.
 * Words: source 0x2001 + 0x0db8 + 0x0020 = 0x2dd9; destination 0x1fe13; length 0x0020; next header 0x003a; type 0x8700;
 * target 0x2dc9; option 0x0101 + 0x0200 + 0x5e10 + 0x0001 = 0x6112. In all 0x34221, folded 0x4224, its complement
 * 0xbddb. */
static const uint8_t asked_by_somebody[FRAME_NA_LEN] = {
	0x33, 0x33, 0xff, 0x00, 0x00, 0x10,
	0x02, 0x00, 0x5e, 0x10, 0x00, 0x02,
	0x86, 0xdd,
	0x60, 0x00, 0x00, 0x00,
	0x00, 0x20,  58,  255,
	0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x20,
	0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01, 0xff, 0x00, 0x00, 0x10,
	135, 0,  0xbd, 0xdb,
	0x00, 0x00, 0x00, 0x00,
	0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
	1, 1,                                   /* source link-layer address, one unit of eight octets */
	0x02, 0x00, 0x5e, 0x10, 0x00, 0x01,
};

/* clang-format on */

/* Offsets into the frames above. */
enum {
	ARP_HARDWARE = 14,
	ARP_HARDWARE_LEN = 18,
	ARP_OPERATION = 20,
	ARP_SENDER_IP = 28,
	ARP_TARGET_IP = 38,
	IP_VERSION = 14,
	IP_LENGTH = 18,
	IP_NEXT = 20,
	IP_HOP_LIMIT = 21,
	IP_SOURCE = 22,
	IP_DESTINATION = 38,
	NA_TYPE = 54,
	NA_CODE = 55,
	NA_CHECKSUM = 56,
	NA_FLAGS = 58,
	NA_TARGET = 62,
	NA_OPTION = 78,
	NA_OPTION_LEN = 79,
};

Test(arp_frame, gratuitous_request_as_rfc_5227) {
	uint8_t frame[FRAME_ARP_LEN];
	frame_gratuitous_arp(false, mac, &ipv4, frame);
	cr_assert_arr_eq(frame, request, sizeof(request));
}

Test(arp_frame, gratuitous_reply_as_rfc_5944) {
	uint8_t frame[FRAME_ARP_LEN];
	frame_gratuitous_arp(true, mac, &ipv4, frame);
	cr_assert_arr_eq(frame, reply, sizeof(reply));
}

Test(arp_frame, unsolicited_advertisement_as_rfc_4861) {
	uint8_t frame[FRAME_NA_LEN];
	frame_unsolicited_na(false, mac, &ipv6, frame);
	cr_assert_arr_eq(frame, advertisement, sizeof(advertisement));
}

Test(arp_frame, a_router_says_so) {
	uint8_t frame[FRAME_NA_LEN];
	struct frame_claim claim;
	frame_unsolicited_na(true, mac, &ipv6, frame);
	cr_assert_eq(frame[NA_FLAGS], 0xa0);
	cr_assert_eq(frame_parse(frame, sizeof(frame), &claim), 0, "its checksum is right");
	cr_assert(claim.router);
}

Test(arp_frame, probe_as_rfc_5227) {
	uint8_t frame[FRAME_ARP_LEN];
	frame_arp_probe(mac, &ipv4, frame);
	cr_assert_arr_eq(frame, probe, sizeof(probe));
}

Test(arp_frame, solicitation_as_rfc_4862) {
	uint8_t frame[FRAME_NS_LEN];
	frame_neighbour_solicitation(mac, &ipv6, frame);
	cr_assert_arr_eq(frame, solicitation, sizeof(solicitation));
}

/* Each address has the group of its own last three octets. */
Test(arp_frame, the_solicited_node_group) {
	const struct ip_address other = {.family = AF_INET6,
					 .bytes = {0x20, 0x01, 0x0d, 0xb8, [12] = 0xaa, 0xbc, 0xde, 0xf1}};
	static const uint8_t ether[] = {0x33, 0x33, 0xff, 0xbc, 0xde, 0xf1}, tail[] = {0x01, 0xff, 0xbc, 0xde, 0xf1};
	uint8_t frame[FRAME_NS_LEN];
	frame_neighbour_solicitation(mac, &other, frame);
	cr_assert_arr_eq(frame, ether, sizeof(ether));
	cr_assert_arr_eq(frame + IP_DESTINATION + 11, tail, sizeof(tail));
}

Test(arp_frame, parses_arp) {
	struct frame_claim claim;
	cr_assert_eq(frame_parse(request, sizeof(request), &claim), 0);
	cr_assert_eq(claim.kind, FRAME_ARP_REQUEST);
	cr_assert(claim.gratuitous);
	cr_assert_eq(memcmp(&claim.address, &ipv4, sizeof(ipv4)), 0);
	cr_assert_arr_eq(claim.mac, mac, sizeof(mac));
	cr_assert_arr_eq(claim.from, mac, sizeof(mac));
	cr_assert_eq(frame_parse(reply, sizeof(reply), &claim), 0);
	cr_assert_eq(claim.kind, FRAME_ARP_REPLY);
	cr_assert(claim.gratuitous);
}

Test(arp_frame, parses_what_ethernet_padded) {
	uint8_t padded[60] = {0}; /* the least that Ethernet carries */
	struct frame_claim claim;
	memcpy(padded, request, sizeof(request));
	cr_assert_eq(frame_parse(padded, sizeof(padded), &claim), 0);
	cr_assert_eq(memcmp(&claim.address, &ipv4, sizeof(ipv4)), 0);
}

Test(arp_frame, an_ordinary_answer_is_not_gratuitous) {
	uint8_t frame[FRAME_ARP_LEN];
	struct frame_claim claim;
	memcpy(frame, reply, sizeof(frame));
	frame[ARP_TARGET_IP + 3] = 99;
	frame[FRAME_MAC_LEN + 5] = 0x77; /* the frame's source: a proxy */
	cr_assert_eq(frame_parse(frame, sizeof(frame), &claim), 0);
	cr_assert_not(claim.gratuitous);
	cr_assert_arr_eq(claim.mac, mac, sizeof(mac));
	cr_assert_eq(claim.from[5], 0x77);
}

Test(arp_frame, parses_advertisements) {
	struct frame_claim claim;
	cr_assert_eq(frame_parse(advertisement, sizeof(advertisement), &claim), 0);
	cr_assert_eq(claim.kind, FRAME_NA);
	cr_assert(claim.gratuitous);
	cr_assert(claim.override);
	cr_assert_not(claim.router);
	cr_assert_eq(memcmp(&claim.address, &ipv6, sizeof(ipv6)), 0);
	cr_assert_arr_eq(claim.mac, mac, sizeof(mac));
}

/* Sets one octet of an advertisement and sets the checksum right again, so that nothing but the change can be refused.
 * RFC 1624: HC' = ~(~HC + ~m + m'). */
static void change(uint8_t frame[static FRAME_NA_LEN], size_t at, uint8_t value) {
	size_t word = at & ~(size_t)1;
	uint32_t old = (uint32_t)frame[word] << 8 | frame[word + 1];
	frame[at] = value;
	uint32_t new = (uint32_t)frame[word] << 8 | frame[word + 1];
	uint32_t sum = (uint16_t) ~(frame[NA_CHECKSUM] << 8 | frame[NA_CHECKSUM + 1]);
	sum += (uint16_t)~old + new;
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	frame[NA_CHECKSUM] = (uint8_t)(~sum >> 8);
	frame[NA_CHECKSUM + 1] = (uint8_t)~sum;
}

Test(arp_frame, a_solicited_advertisement) {
	uint8_t frame[FRAME_NA_LEN];
	struct frame_claim claim;
	memcpy(frame, advertisement, sizeof(frame));
	change(frame, NA_FLAGS, 0x60);
	cr_assert_eq(frame_parse(frame, sizeof(frame), &claim), -EBADMSG, "section 7.1.2: not to a group");
	change(frame, IP_DESTINATION, 0x20);
	cr_assert_eq(frame_parse(frame, sizeof(frame), &claim), 0);
	cr_assert_not(claim.gratuitous);
}

/* One octet of a good frame changed, and what comes of it. */
struct spoilt {
	const char *what;
	size_t at;
	uint8_t value;
	int expected;
};

Test(arp_frame, refuses_arp_that_cannot_be) {
	static const struct spoilt table[] = {
		{"hardware type", ARP_HARDWARE + 1, 6, -EBADMSG},
		{"protocol type", ARP_HARDWARE + 2, 0x86, -EBADMSG},
		{"hardware address length", ARP_HARDWARE_LEN, 8, -EBADMSG},
		{"protocol address length", ARP_HARDWARE_LEN + 1, 16, -EBADMSG},
		{"operation", ARP_OPERATION + 1, 3, -ENOMSG},
		{"another EtherType", 13, 0x00, -ENOMSG},
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		uint8_t frame[FRAME_ARP_LEN];
		struct frame_claim claim;
		memcpy(frame, request, sizeof(frame));
		frame[table[i].at] = table[i].value;
		cr_assert_eq(frame_parse(frame, sizeof(frame), &claim), table[i].expected, "%s", table[i].what);
	}
}

Test(arp_frame, a_probe_claims_nothing) {
	struct frame_claim claim = {.kind = FRAME__KINDS};
	cr_assert_eq(frame_parse(probe, sizeof(probe), &claim), -ENOMSG);
	cr_assert_eq(frame_parse(solicitation, sizeof(solicitation), &claim), -ENOMSG);
	cr_assert_eq(claim.kind, FRAME__KINDS, "untouched");
}

/* Who asks for a neighbour says where it is itself; not where the neighbour is. */
Test(arp_frame, parses_solicitations) {
	uint8_t frame[FRAME_NA_LEN];
	struct frame_claim claim;
	cr_assert_eq(frame_parse(asked_by_somebody, sizeof(asked_by_somebody), &claim), 0);
	cr_assert_eq(claim.kind, FRAME_NS);
	cr_assert_eq(claim.address.bytes[15], 0x20);
	cr_assert_arr_eq(claim.mac, mac, sizeof(mac), "as the option says");
	cr_assert_eq(claim.from[5], 2);
	cr_assert_not(claim.gratuitous || claim.override || claim.router);
	memcpy(frame, asked_by_somebody, sizeof(frame));
	change(frame, NA_OPTION, 14); /* a nonce (RFC 3971): no word of where it is */
	cr_assert_eq(frame_parse(frame, sizeof(frame), &claim), 0);
	cr_assert_eq(claim.mac[5], 2, "then the frame's own source is all there is");
}

Test(arp_frame, refuses_solicitations_that_cannot_be) {
	static const struct spoilt table[] = {
		{"code", NA_CODE, 1, -EBADMSG},
		{"target a group", NA_TARGET, 0xff, -EBADMSG},
		{"source a group", IP_SOURCE, 0xff, -EBADMSG},
		{"option without length", NA_OPTION_LEN, 0, -EBADMSG},
		{"option longer than the message", NA_OPTION_LEN, 2, -EBADMSG},
		{"another message", NA_TYPE, 134, -ENOMSG},
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		uint8_t frame[FRAME_NA_LEN];
		struct frame_claim claim;
		memcpy(frame, asked_by_somebody, sizeof(frame));
		change(frame, table[i].at, table[i].value);
		cr_assert_eq(frame_parse(frame, sizeof(frame), &claim), table[i].expected, "%s", table[i].what);
	}
	/* Section 7.1.1: nobody has no link-layer address. */
	uint8_t frame[FRAME_NA_LEN];
	struct frame_claim claim;
	memcpy(frame, asked_by_somebody, sizeof(frame));
	change(frame, IP_SOURCE, 0);
	change(frame, IP_SOURCE + 1, 0);
	change(frame, IP_SOURCE + 2, 0);
	change(frame, IP_SOURCE + 3, 0);
	change(frame, IP_SOURCE + 15, 0);
	cr_assert_eq(frame_parse(frame, sizeof(frame), &claim), -EBADMSG);
}

/* With a tag behind its addresses. Returns its length. */
static size_t tag(const uint8_t *frame, size_t len, uint16_t type, uint16_t vlan, uint8_t out[static FRAME_LONGEST]) {
	enum { AT = 2 * FRAME_MAC_LEN };
	const uint8_t bytes[] = {(uint8_t)(type >> 8), (uint8_t)type, (uint8_t)(vlan >> 8), (uint8_t)vlan};
	memcpy(out, frame, AT);
	memcpy(out + AT, bytes, sizeof(bytes));
	memcpy(out + AT + sizeof(bytes), frame + AT, len - AT);
	return len + sizeof(bytes);
}

Test(arp_frame, a_tag_of_vlan_0_is_none) {
	static const uint16_t types[] = {0x8100, 0x88a8};
	uint8_t tagged[FRAME_LONGEST];
	for (size_t i = 0; i < 2; i++) {
		struct frame_claim claim;
		size_t len = tag(request, sizeof(request), types[i], 0xe000, tagged); /* priority 7 */
		cr_assert_eq(frame_parse(tagged, len, &claim), 0);
		cr_assert_eq(claim.kind, FRAME_ARP_REQUEST);
		len = tag(advertisement, sizeof(advertisement), types[i], 0, tagged);
		cr_assert_eq(frame_parse(tagged, len, &claim), 0);
		cr_assert_eq(memcmp(&claim.address, &ipv6, sizeof(ipv6)), 0);
		len = tag(request, sizeof(request), types[i], 0xe001, tagged);
		cr_assert_eq(frame_parse(tagged, len, &claim), -ENOMSG, "another network's");
	}
	uint8_t twice[FRAME_LONGEST];
	struct frame_claim claim;
	size_t len = tag(request, sizeof(request), 0x8100, 0, tagged);
	len = tag(tagged, len, 0x8100, 0, twice);
	cr_assert_eq(frame_parse(twice, len, &claim), -ENOMSG, "the kernel takes one tag off");
}

/* Every octet of every good frame, with every value, and random ones besides: nothing is read beyond the frame (the
 * sanitizers see that), nothing is written but on success, and what is taken for a claim names an address. */
Test(arp_frame, any_octets_at_all) {
	enum { RANDOM = 20000 };
	static const struct {
		const uint8_t *frame;
		size_t len;
	} table[] = {{request, sizeof(request)},
		     {probe, sizeof(probe)},
		     {advertisement, sizeof(advertisement)},
		     {solicitation, sizeof(solicitation)},
		     {asked_by_somebody, sizeof(asked_by_somebody)}};
	unsigned taken = 0, seed = 1;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		uint8_t *frame = malloc(table[i].len);
		for (unsigned k = 0; k < 256 * table[i].len + RANDOM; k++) {
			struct frame_claim claim = {.kind = FRAME__KINDS};
			memcpy(frame, table[i].frame, table[i].len);
			if (k < 256 * table[i].len)
				frame[k / 256] = (uint8_t)k;
			else /* behind the EtherType, so that it is looked at */
				for (size_t at = 14 + (size_t)rand_r(&seed) % 40; at < table[i].len; at++)
					frame[at] = (uint8_t)rand_r(&seed);
			int result = frame_parse(frame, table[i].len, &claim);
			cr_assert(result == 0 || result == -ENOMSG || result == -EBADMSG);
			cr_assert_eq(claim.kind == FRAME__KINDS, result != 0);
			cr_assert(result != 0 || claim.address.family == AF_INET || claim.address.family == AF_INET6);
			taken += result == 0;
		}
		free(frame);
	}
	cr_assert_gt(taken, 0);
}

Test(arp_frame, refuses_advertisements_that_cannot_be) {
	static const struct spoilt table[] = {
		{"code", NA_CODE, 1, -EBADMSG},
		{"target a group", NA_TARGET, 0xff, -EBADMSG},
		{"option without length", NA_OPTION_LEN, 0, -EBADMSG},
		{"option longer than the message", NA_OPTION_LEN, 2, -EBADMSG},
		{"another message", NA_TYPE, 137, -ENOMSG},
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		uint8_t frame[FRAME_NA_LEN];
		struct frame_claim claim;
		memcpy(frame, advertisement, sizeof(frame));
		change(frame, table[i].at, table[i].value);
		cr_assert_eq(frame_parse(frame, sizeof(frame), &claim), table[i].expected, "%s", table[i].what);
	}
	static const struct spoilt uncovered[] = {
		/* what the checksum does not cover, or what breaks it */
		{"hop limit", IP_HOP_LIMIT, 64, -EBADMSG},
		{"version", IP_VERSION, 0x40, -EBADMSG},
		{"longer than the frame", IP_LENGTH + 1, 0x21, -EBADMSG},
		{"shorter than an advertisement", IP_LENGTH + 1, 0x10, -EBADMSG},
		{"checksum", NA_CHECKSUM, 0, -EBADMSG},
		{"another protocol", IP_NEXT, 17, -ENOMSG},
	};
	for (size_t i = 0; i < sizeof(uncovered) / sizeof(uncovered[0]); i++) {
		uint8_t frame[FRAME_NA_LEN];
		struct frame_claim claim;
		memcpy(frame, advertisement, sizeof(frame));
		frame[uncovered[i].at] = uncovered[i].value;
		cr_assert_eq(frame_parse(frame, sizeof(frame), &claim), uncovered[i].expected, "%s", uncovered[i].what);
	}
}

/* Into memory of exactly that size, so that the sanitizers see a read beyond it. */
Test(arp_frame, refuses_every_shorter_frame) {
	const struct {
		const uint8_t *frame;
		size_t len;
	} table[] = {{request, sizeof(request)},
		     {reply, sizeof(reply)},
		     {advertisement, sizeof(advertisement)},
		     {asked_by_somebody, sizeof(asked_by_somebody)}};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		for (size_t len = 0; len < table[i].len; len++) {
			struct frame_claim claim = {.kind = FRAME__KINDS};
			uint8_t *cut = malloc(len + 1);
			memcpy(cut + 1, table[i].frame, len);
			cr_assert_eq(frame_parse(cut + 1, len, &claim), -EBADMSG, "frame %zu cut to %zu", i, len);
			cr_assert_eq(claim.kind, FRAME__KINDS, "untouched");
			free(cut);
		}
	}
}
