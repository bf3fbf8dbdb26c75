/*
key = ["collection_id", "project_id"]
description = "Which projects each collection lists."

[[checks]]
relationships = { column = "project_id", to = "marts.projects_v1.project_id" }

[[checks]]
relationships = { column = "collection_id", to = "marts.collections_v1.collection_id" }
*/
WITH listed AS (
    SELECT
        collection_id,
        collection_source,
        collection_namespace,
        collection_name,
        unnest(projects) AS project_name
    FROM raw.collections
)

-- A collection may list a project twice.
SELECT DISTINCT
    projects.project_id,
    projects.project_source,
    projects.project_namespace,
    projects.project_name,
    listed.collection_id,
    listed.collection_source,
    listed.collection_namespace,
    listed.collection_name
FROM listed
JOIN raw.projects AS projects ON listed.project_name = projects.project_name
