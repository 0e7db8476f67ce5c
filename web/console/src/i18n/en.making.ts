// Texts of what is put together for sending, of how accounts stand, and of the panel that narrows the list.

import type { making as texts } from './ja.making';

export const making: typeof texts = {
  parcel: {
    label: 'Attachments',
    count: (count: number) => (count === 1 ? '1 attachment' : `${count} attachments`),
    attach: 'Attach',
    needed: 'Needed',
    remove: (name: string) => `Remove ${name}`,
    uploading: (percent: number) => `Uploading ${percent}%`,
    asLink: 'Sent as a link',
    tooLarge: (size: string, most: string) => `${size}: too large (up to ${most})`,
    not_carried: 'This channel cannot carry it',
    empty: 'The file is empty',
    unreachable: 'The upload broke off',
    refused: 'It could not be uploaded',
    tooMany: (most: number) => `Up to ${most} at a time can be attached`,
    code: {
      too_large: 'Too large',
      unsupported_media_type: 'Pictures of this kind cannot be converted. Use JPEG or PNG',
      invalid: 'The picture cannot be read',
      disk_full: 'The server is out of room',
      overloaded: 'Very busy. Wait a little',
      rate_limited: 'Too many actions. Wait a little',
    },
  },
  sticker: {
    packages: 'Kinds of stickers',
    last: 'Recent',
    package: (id: string) => `Stickers ${id}`,
    one: (id: string) => `Choose sticker ${id}`,
  },
  place: {
    title: 'Attach a place',
    where: 'Latitude, longitude',
    hint: 'Paste coordinates from a map application, or the address of a map.',
    wrong: 'Use the form “35.681236, 139.767125”, or the address of a map.',
    name: 'Name',
    address: 'Address',
  },
  card: {
    title: 'Make a card',
    heading: 'Heading',
    text: 'Text',
    picture: 'Choose a picture',
    otherPicture: 'Another picture',
    notPicture: 'That is not a picture',
  },
  replies: {
    title: 'Quick replies',
    lead: 'Choices below the message: the customer answers with one press.',
  },
  button: {
    label: (index: number) => `Button ${index}`,
    does: 'What it does',
    say: 'Says text',
    open: 'Opens link',
    text: 'What the customer says',
    url: 'Where it leads',
    wrongUrl: (schemes: string) => `It has to begin with one of ${schemes}`,
    add: 'Add a button',
  },
  mode: {
    title: 'How answers go out',
    reply: 'Replies only (free)',
    push: 'Push only (paid)',
    auto: 'Automatic',
    about: {
      reply:
        "Only as the free answer to a customer's message. What is too late stays unsent and goes after the next one.",
      push: 'At any time; each message is counted.',
      auto: 'Free while the right to a free answer lasts, as a push after that.',
    },
    forAll: 'For everybody who uses this account.',
    why: 'Administrators can change it.',
    changed: (name: string) => `Answers now go out: ${name}`,
  },
  trouble: {
    secret_unreadable:
      'A secret of the account cannot be read: sending or receiving may fail. An administrator has to enter it again.',
    token_refused: "The account's token is refused: nothing can be sent. Tell an administrator.",
    unreachable: 'The platform cannot be reached. Sending may take longer.',
    wrong_signature:
      "Something came in with a wrong signature: customers' messages may not arrive. Tell an administrator.",
    quota_empty: "This month's messages are used up. Only free replies can be sent.",
    send_failed: 'The last message was not accepted. If this goes on, tell an administrator.',
    quota_low: "This month's messages are nearly used up.",
    more: (count: number) => `${count} more`,
  },
  meter: {
    free: (count: number) => `${count.toLocaleString('en')} free`,
    paid: (count: number) => `${count.toLocaleString('en')} paid`,
    left: (count: number) => `${count.toLocaleString('en')} left`,
    about:
      "What this window sent this month (Japan's calendar). Replies are free; a push counts as one for its recipient. “Left” is what this account may still send this month, as LINE told it last.",
  },
  filter: {
    title: 'Filter',
    views: 'Saved views',
    any: 'Any',
    registered: 'In the directory',
    yes: 'Yes',
    no: 'No',
    unread: 'Unread only',
    from: 'Changed from',
    to: 'Changed to',
    name: 'Name of this view',
    keep: 'Save',
    drop: (name: string) => `Delete ${name}`,
  },
  pane: { listPx: 'Width of the list', detailsPx: 'Width of the details' },
};
