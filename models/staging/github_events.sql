/*
key = ["time", "event_id"]
description = """
What each event of GitHub's timeline says, in one shape whatever year it is from. One row for every
row of raw.github_events; the payload is taken apart here and nowhere else.
"""

[columns]
time = "When it happened, UTC."
event_id = "Upstream's id; SHA-256 of the line where upstream gave none (2013, 2014)."
event_type = "Upstream's name, as PushEvent."
action = "payload.action, as upstream spells it."
actor_login = "Who did it, lower case; null if upstream does not say."
repo_owner = "Lower case; null for events without a repository."
repo_name = "Lower case, without the owner."
number = "Number of the issue or pull request in its repository."
is_pull_request = "Whether that number is a pull request; null if the event does not say."
thread_created_at = "When the issue or pull request was opened, if the event says so."
thread_author = "Who opened it, lower case, if the event says so."
is_merged = "Whether a closed pull request was merged; events of 2011 do not say."
ref = "The branch or tag pushed, created or deleted."
ref_type = "For CreateEvent and DeleteEvent: repository, branch or tag."
head = "For PushEvent: the commit the branch points to afterwards."
commit_count = "For PushEvent: how many commits it says it has; null since 2025-10."
release_tag = "For ReleaseEvent: the tag."
default_branch = "The repository's default branch, if the event says so."
repo_created_at = "When the repository was created, if the event says so."
made_up = "Whether the source is a made-up sample."
*/
-- One pass over each payload for all paths: parsing is what costs.
WITH extracted AS (
    SELECT
        *,
        json_extract_string(payload, [
            '$.action',
            '$.number',
            '$.issue.number',
            '$.issue.created_at',
            '$.issue.user.login',
            '$.issue.pull_request.url',
            '$.pull_request.number',
            '$.pull_request.created_at',
            '$.pull_request.user.login',
            '$.pull_request.merged',
            '$.pull_request.merged_at',
            '$.pull_request.base.repo.default_branch',
            '$.pull_request.base.repo.master_branch',
            '$.pull_request.base.repo.created_at',
            '$.ref',
            '$.ref_type',
            '$.object',
            '$.object_name',
            '$.head',
            '$.push_id',
            '$.size',
            '$.release.tag_name',
            '$.master_branch'
        ]) AS p,
        json_extract_string(other, [
            '$.url',
            '$.repository.master_branch',
            '$.repository.created_at'
        ]) AS o
    FROM raw.github_events
),

named AS (
    SELECT
        created_at AS time,
        event_id,
        event_type,
        p[1] AS action,
        actor_id,
        non_empty(lower(actor_login)) AS actor_login,
        repo_id,
        non_empty(regexp_extract(lower(repo_name), '^([^/]+)/([^/]+)$', 1)) AS repo_owner,
        non_empty(regexp_extract(lower(repo_name), '^([^/]+)/([^/]+)$', 2)) AS repo_name,
        non_empty(lower(org_login)) AS org_login,
        -- Comments of 2013 name their thread in the event's URL only.
        TRY_CAST(
            coalesce(
                p[2], p[3], p[7], non_empty(regexp_extract(o[1], '/(?:issues|pull)/([0-9]+)', 1))
            ) AS BIGINT
        ) AS number,
        CASE
            WHEN event_type LIKE 'PullRequest%' THEN true
            WHEN event_type = 'IssuesEvent' THEN false
            WHEN event_type = 'IssueCommentEvent' AND p[3] IS NOT NULL THEN p[6] IS NOT NULL
            WHEN event_type = 'IssueCommentEvent' AND contains(o[1], '/pull/') THEN true
            WHEN event_type = 'IssueCommentEvent' AND contains(o[1], '/issues/') THEN false
        END AS is_pull_request,
        utc(coalesce(p[4], p[8])) AS thread_created_at,
        non_empty(lower(coalesce(p[5], p[9]))) AS thread_author,
        CASE
            WHEN event_type <> 'PullRequestEvent' THEN NULL
            WHEN p[1] = 'merged' THEN true
            WHEN p[1] <> 'closed' THEN NULL
            WHEN p[10] IS NOT NULL THEN p[10] = 'true' OR p[11] IS NOT NULL
            WHEN p[11] IS NOT NULL THEN true
        END AS is_merged,
        -- Events of 2011 say object and object_name for what is created.
        coalesce(p[15], p[18]) AS ref,
        coalesce(p[16], p[17]) AS ref_type,
        p[19] AS head,
        TRY_CAST(p[20] AS BIGINT) AS push_id,
        TRY_CAST(p[21] AS BIGINT) AS commit_count,
        p[22] AS release_tag,
        non_empty(coalesce(p[23], o[2], p[12], p[13])) AS default_branch,
        coalesce(
            utc(coalesce(p[14], o[3])),
            CASE
                WHEN event_type = 'CreateEvent' AND coalesce(p[16], p[17]) = 'repository'
                THEN created_at
            END
        ) AS repo_created_at,
        source
    FROM extracted
)

SELECT
    named.*,
    coalesce(sources.made_up, false) AS made_up
FROM named
LEFT JOIN raw.sources AS sources ON named.source = sources.source
