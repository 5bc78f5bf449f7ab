#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>

// What LeakSanitizer finds and is not ours. libssh2 1.10 loses two bignums for each ECDSA key it signs with (seen with full
// unwinding below libssh2_userauth_publickey_fromfile_ex), and a connection to a silent peer, which is left behind at its
// deadline, still holds what OpenSSL gave it. The quick unwinder ends inside libcrypto, so that is what can be named.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libcrypto.so\n"; }
