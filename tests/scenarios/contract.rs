//! What every channel promises. A channel joins with one line here.

use madoguchi_tests::channel_contract;
use madoguchi_tests::contract::{BotChannel, LineChannel, LineWorksChannel, MailChannel};

channel_contract!(line, LineChannel);
channel_contract!(lineworks, LineWorksChannel);
channel_contract!(mail, MailChannel);
channel_contract!(bot, BotChannel);
