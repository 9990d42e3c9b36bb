-- Forgets all of a namespace but what lasts.
for _, name in ipairs(names) do redis.call('UNLINK', key(name)) end
return 1
