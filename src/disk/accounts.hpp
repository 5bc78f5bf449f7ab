// Accounts and groups of this machine.
#pragma once

#include <sys/types.h>

#include <string>

namespace tidelab::disk {

/// "root"; "account 4711" where no name is known.
std::string name_of_account(uid_t id);

/// The account's own group: nobody else is in it, as some systems make one for each account, with files that it may write.
bool is_group_of_one(gid_t group, uid_t owner);

}  // namespace tidelab::disk
