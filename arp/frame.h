/* The frames that tell a network segment where an address is (gratuitous ARP, unsolicited neighbour advertisement) and
 * those that ask it. Pure: builds and parses bytes. announce.c sends, watch.c receives. */
#ifndef HAMON_ARP_FRAME_H
#define HAMON_ARP_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hamon/conf/conf.h"

enum {
	FRAME_MAC_LEN = 6,
	FRAME_ARP_LEN = 42,  /* Ethernet header and ARP; drivers pad to Ethernet's 60, so we do not */
	FRAME_NA_LEN = 86,   /* Ethernet header, IPv6, neighbour advertisement with one option */
	FRAME_NS_LEN = 78,   /* the same, neighbour solicitation without one */
	FRAME_LONGEST = 256, /* with a VLAN tag and more options than anybody sends; no longer frame is a claim */
};

enum frame_kind { FRAME_ARP_REQUEST, FRAME_ARP_REPLY, FRAME_NA, FRAME_NS, FRAME__KINDS };

/* Gratuitous ARP for an IPv4 address, broadcast, as request (the ARP announcement of RFC 5227 section 2.3: target hardware
 * address zero) or as reply (RFC 5944 section 4.6: target hardware address the sender's own). Some hosts refresh their
 * cache by one form only, hence both. */
void frame_gratuitous_arp(bool reply, const uint8_t mac[static FRAME_MAC_LEN], const struct ip_address *address,
			  uint8_t out[static FRAME_ARP_LEN]);

/* Unsolicited neighbour advertisement for an IPv6 address (RFC 4861 sections 4.4 and 7.2.6), from it, to all nodes:
 * override set, solicited clear, with the target link-layer address. `router`: the sender forwards IPv6; hosts drop their
 * default route through an address that stops saying so (section 7.2.5). */
void frame_unsolicited_na(bool router, const uint8_t mac[static FRAME_MAC_LEN], const struct ip_address *address,
			  uint8_t out[static FRAME_NA_LEN]);

/* ARP probe for an IPv4 address (RFC 5227 section 2.1.1): who has it answers, and nobody learns anything of the asker,
 * whose protocol address is zero. Broadcast. */
void frame_arp_probe(const uint8_t mac[static FRAME_MAC_LEN], const struct ip_address *address,
		     uint8_t out[static FRAME_ARP_LEN]);

/* The same for IPv6: a neighbour solicitation (RFC 4861 section 4.3) from the unspecified address to the solicited-node
 * group, as in duplicate address detection (RFC 4862 section 5.4.2). Who has it answers to all nodes (RFC 4861 section
 * 7.2.4). */
void frame_neighbour_solicitation(const uint8_t mac[static FRAME_MAC_LEN], const struct ip_address *address,
				  uint8_t out[static FRAME_NS_LEN]);

/* Who says to have which address. */
struct frame_claim {
	enum frame_kind kind;
	struct ip_address address; /* ARP: sender's protocol address; NA: target; NS: source */
	/* ARP: sender's hardware address; NA: target link-layer address, NS: source link-layer address, where they are not
	 * told the frame's source */
	uint8_t mac[FRAME_MAC_LEN];
	/* the frame's source; differs from `mac` where somebody lies, or answers for another */
	uint8_t from[FRAME_MAC_LEN];
	bool gratuitous;       /* ARP: target address is the sender's own; NA: not solicited */
	bool override, router; /* NA's flags */
};

/* Parses a whole Ethernet frame (padding allowed, and a tag of VLAN 0) as an ARP packet, a neighbour advertisement or a
 * neighbour solicitation and verifies what RFC 826 and RFC 4861 sections 7.1.1 and 7.1.2 ask a receiver to verify, the
 * checksum included. 0, -ENOMSG (another kind of frame, or another VLAN's; a probe, ARP's or IPv6's, which claims nothing)
 * or -EBADMSG. */
int frame_parse(const uint8_t *frame, size_t len, struct frame_claim *claim);

#endif
