/* The frames that tell a network segment where an address is: gratuitous ARP, unsolicited neighbour advertisement. Pure:
 * builds and parses bytes. announce.c sends. */
#ifndef HAMON_ARP_FRAME_H
#define HAMON_ARP_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hamon/conf/conf.h"

enum {
	FRAME_MAC_LEN = 6,
	FRAME_ARP_LEN = 42, /* Ethernet header and ARP; drivers pad to Ethernet's 60, so we do not */
	FRAME_NA_LEN = 86,  /* Ethernet header, IPv6, neighbour advertisement with one option */
};

enum frame_kind { FRAME_ARP_REQUEST, FRAME_ARP_REPLY, FRAME_NA, FRAME__KINDS };
const char *frame_kind_name(enum frame_kind kind);

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

/* Who says to have which address. */
struct frame_claim {
	enum frame_kind kind;
	struct ip_address address; /* ARP: sender's protocol address; NA: target */
	uint8_t mac
		[FRAME_MAC_LEN]; /* ARP: sender's hardware address; NA: target link-layer address, else the frame's source */
	uint8_t from
		[FRAME_MAC_LEN]; /* the frame's source; differs from `mac` where somebody lies, or answers for another */
	bool gratuitous;         /* ARP: target address is the sender's own; NA: not solicited */
	bool override, router;   /* NA's flags */
};

/* Parses a whole Ethernet frame (padding allowed) as an ARP packet or a neighbour advertisement and verifies what RFC 826
 * and RFC 4861 section 7.1.2 ask a receiver to verify, the checksum included. 0, -ENOMSG (another kind of frame; an ARP
 * probe, which claims nothing) or -EBADMSG. */
int frame_parse(const uint8_t *frame, size_t len, struct frame_claim *claim);

#endif
