/* The floor: one thread, blocking sockets, OpenSSL, a request made ahead.
 * Reads a frame, writes the order, reads the answer. It decides nothing. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BUFFER = 65536, LONG_LENGTH = 126 };

static int dial(const char *port_name)
{
    const char *port = getenv(port_name);
    struct sockaddr_in to = {0};
    int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

    if (port == NULL || fd < 0) {
        fprintf(stderr, "floor: no %s\n", port_name);
        exit(2);
    }
    to.sin_family = AF_INET;
    to.sin_port = htons((unsigned short)atoi(port));
    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) != 0) {
        perror("floor: connect");
        exit(1);
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

int main(void)
{
    static char request[8192], answer[BUFFER];
    static unsigned char frame[BUFFER];
    const char *body = getenv("ORDER_BODY"), *head = getenv("ORDER_HEAD");
    const char *upgrade =
        "GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: MDAwMDAwMDAwMDAwMDAwMA==\r\n\r\n";
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL *venue;
    int feed, size;

    if (context == NULL || body == NULL || head == NULL ||
        SSL_CTX_load_verify_locations(context, getenv("CA"), NULL) != 1)
        return 2;
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    venue = SSL_new(context);
    SSL_set_fd(venue, dial("VENUE_PORT"));
    if (SSL_connect(venue) != 1)
        return 1;
    size = snprintf(request, sizeof request, "%sContent-Length: %zu\r\n\r\n%s", head,
                    strlen(body), body);

    feed = dial("FEED_PORT");
    if (write(feed, upgrade, strlen(upgrade)) < 0 || read(feed, frame, sizeof frame) <= 0)
        return 1;
    for (;;) {
        if (read(feed, frame, sizeof frame) < 2)
            return 0;
        if (frame[1] != LONG_LENGTH) /* a heartbeat */
            continue;
        if (SSL_write(venue, request, size) != size || SSL_read(venue, answer, sizeof answer) <= 0)
            return 0;
    }
}
