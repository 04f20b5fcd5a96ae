/* Whole files, as file.h says. */
#include "hamon/file.h"

#include <errno.h>
#include <unistd.h>

int file_write(int fd, const char *text, size_t length) {
	while (length > 0) {
		ssize_t n = write(fd, text, length);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			text += n;
			length -= (size_t)n;
		}
	}
	return 0;
}
