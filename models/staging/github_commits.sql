/*
key = ["time", "event_id", "position"]
description = """
Commits that pushes carried, as upstream listed them: every branch, repetitions included. Until
2025-10 a push carries its first 20 commits, since then only the commit its branch points to.
"""

[columns]
time = "When it was pushed, UTC."
event_id = "The push."
position = "Place in the push, from 1."
sha = "The commit's id."
branch = "Name of the branch; null if what was pushed is no branch."
actor_login = "Who pushed, lower case."
author_email = "The author's address as the hash the connector left."
is_distinct = "Whether upstream called it new to the repository; null where it does not say."
made_up = "Whether the source is a made-up sample."
*/
WITH pushes AS (
    SELECT
        created_at,
        event_id,
        CASE
            -- [{"sha": …, "author": {"email": …}, "distinct": …}, …], 2012 and 2015 to 2025-10
            WHEN json_type(payload, '$.commits') = 'ARRAY' THEN
                list_transform(
                    from_json(
                        json_extract(payload, '$.commits'),
                        '[{"sha":"VARCHAR","author":{"email":"VARCHAR"},"distinct":"VARCHAR"}]'
                    ),
                    lambda c: {'sha': c.sha, 'email': c.author.email, 'is_new': c.distinct}
                )
            -- [[sha, e-mail, message, name, distinct], …], 2011 to 2014
            WHEN json_type(payload, '$.shas') = 'ARRAY' THEN
                list_transform(
                    from_json(json_extract(payload, '$.shas'), '[["VARCHAR"]]'),
                    lambda c: {'sha': c[1], 'email': c[2], 'is_new': c[5]}
                )
            ELSE
                [{
                    'sha': json_extract_string(payload, '$.head'),
                    'email': NULL::VARCHAR,
                    'is_new': NULL::VARCHAR
                }]
        END AS commits
    FROM raw.github_events
    WHERE event_type = 'PushEvent'
),

numbered AS (
    SELECT
        created_at,
        event_id,
        unnest(range(1, len(commits) + 1)) AS position,
        commits
    FROM pushes
),

listed AS (
    SELECT
        created_at,
        event_id,
        position,
        commits[position] AS item
    FROM numbered
)

SELECT
    listed.created_at AS time,
    listed.event_id,
    listed.position,
    lower(listed.item.sha) AS sha,
    events.repo_owner,
    events.repo_name,
    non_empty(regexp_extract(events.ref, '^refs/heads/(.+)$', 1)) AS branch,
    events.actor_id,
    events.actor_login,
    listed.item.email AS author_email,
    CASE listed.item.is_new WHEN 'true' THEN true WHEN 'false' THEN false END AS is_distinct,
    events.made_up
FROM listed
JOIN staging.github_events AS events
    ON listed.created_at = events.time AND listed.event_id = events.event_id
WHERE listed.item.sha IS NOT NULL AND listed.item.sha <> repeat('0', 40)
