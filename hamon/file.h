/* Whole files, for those who may wait for the disk: never the monitor's loop. */
#ifndef HAMON_FILE_H
#define HAMON_FILE_H

#include <stddef.h>

/* Writes all of it, however many calls of write(2) that takes. 0 or -errno. */
int file_write(int fd, const char *text, size_t length);

#endif
