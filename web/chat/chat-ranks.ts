/** Guests read, members write, moderators keep order, owners as well. */
export const MODERATOR = 2
export const OWNER = 3
