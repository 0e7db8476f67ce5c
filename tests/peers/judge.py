"""Whether dkimpy holds the first signature of the mail on standard input good. Keys come from a name server on the
loopback address at the port that is the first argument, or, where it is no number, are that argument itself."""

import sys

import dkim
import dns.resolver

if sys.argv[1].isdigit():
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], int(sys.argv[1])

    def key(name, timeout=5):
        answers = resolver.resolve(name.decode() if isinstance(name, bytes) else name, "TXT", lifetime=timeout)
        return b"".join(answers[0].strings)
else:
    def key(name, timeout=5):
        return sys.argv[1].encode()

try:
    print(dkim.DKIM(sys.stdin.buffer.read()).verify(dnsfunc=key))
except dkim.DKIMException as refused:
    print(False, refused)
