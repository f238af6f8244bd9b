/** Keys for databases that nobody keeps: tests, measurements, chaos. Public, so worth nothing anywhere else. */
export const throwawayKeys = {
  FIELD_KEYS: 'throwaway:LfvPTH7se+9sMiEitXjVo35K6QFPzpu4Dk0LvUOBZ3s=',
  FIELD_INDEX_KEY: 'vvWXvz9Nvy4EcXdfKjrrvcWycwRMjZjvwdcu2Q2jW0c=',
};
