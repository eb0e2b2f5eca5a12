/* An HTTP/1.1 server of the smallest kind: on loopback, one request a connection, of a limited size. */

#ifndef HTTP_H
#define HTTP_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
  char method[8];
  char path[32];
  /* NUL-terminated; http_free frees it. */
  char *body;
  size_t body_len;
} http_request;

/* Listens on a port, 0 for any free one, and says which one it is; negative if that cannot be. */
int http_listen(uint16_t *port);

/* Reads a request. 0, or the status with which to answer what is none. */
int http_receive(int connection, http_request *request);

/* Answers with JSON and closes the connection. */
void http_answer(int connection, int status, const char *body, size_t len);

void http_free(http_request *request);

#endif
