/*
key = [
    "project_id", "artifact_source", "artifact_namespace", "artifact_name", "artifact_type"
]
description = """
What belongs to each project. A GitHub owner that a project lists whole stands for every repository
of that owner that events or git name; the owner itself is in raw.artifacts_by_project only.
"""

[columns]
artifact_type = "REPOSITORY, PACKAGE, CONTRACT, …; an address has a row for each of its roles."
source_line = "The first line of source_file that makes it the project's."
*/
WITH listed AS (
    SELECT
        project_id,
        project_source,
        project_namespace,
        project_name,
        artifact_source,
        artifact_namespace,
        artifact_name,
        artifact_type,
        artifact_source_id,
        artifact_url,
        source_file,
        source_line
    FROM raw.artifacts_by_project
    WHERE artifact_type <> 'OWNER'
    UNION ALL
    SELECT
        owners.project_id,
        owners.project_source,
        owners.project_namespace,
        owners.project_name,
        repositories.artifact_source,
        repositories.artifact_namespace,
        repositories.artifact_name,
        'REPOSITORY',
        NULL,
        repositories.artifact_url,
        owners.source_file,
        owners.source_line
    FROM raw.artifacts_by_project AS owners
    JOIN intermediate.repositories AS repositories
        ON owners.artifact_source = repositories.artifact_source
        AND owners.artifact_namespace = repositories.artifact_namespace
    WHERE owners.artifact_type = 'OWNER'
),

merged AS (
    SELECT
        project_id,
        artifact_source,
        artifact_namespace,
        artifact_name,
        artifact_type,
        min(project_source) AS project_source,
        min(project_namespace) AS project_namespace,
        min(project_name) AS project_name,
        min(artifact_source_id) AS artifact_source_id,
        min(artifact_url) AS artifact_url,
        min(source_file) AS source_file,
        min(source_line) AS source_line
    FROM listed
    GROUP BY ALL
)

SELECT
    merged.project_id,
    merged.artifact_source,
    merged.artifact_namespace,
    merged.artifact_name,
    merged.artifact_type,
    oso_id(merged.artifact_source, merged.artifact_namespace, merged.artifact_name)
        AS artifact_id,
    coalesce(merged.artifact_source_id, repositories.artifact_source_id) AS artifact_source_id,
    merged.artifact_url,
    merged.project_source,
    merged.project_namespace,
    merged.project_name,
    merged.source_file,
    merged.source_line
FROM merged
LEFT JOIN intermediate.repositories AS repositories
    ON merged.artifact_source = repositories.artifact_source
    AND merged.artifact_namespace = repositories.artifact_namespace
    AND merged.artifact_name = repositories.artifact_name
