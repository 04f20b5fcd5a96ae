/* The sealed configuration: the text that every process of one daemon reads, in a memfd that nobody can change any more. */
#ifndef HAMON_SEALED_H
#define HAMON_SEALED_H

/* A new sealed memfd (memfd_create(2), F_SEAL_*) with this text: the close-on-exec descriptor, or -errno. */
int sealed_make(const char *text);

/* Reads it whole into a fresh NUL-terminated string that the caller frees; the descriptor stays open. 0, -EPERM: it is not
 * sealed, -EFBIG: over 1 MiB, or another -errno. *text is untouched on failure. */
int sealed_read(int fd, char **text);

#endif
