namespace Alloc.Broker.Registry;

/// <summary>A refusal: the HTTP status, the registry's own code and a text for people.</summary>
internal sealed class RegistryException(int status, int errorCode, string message) : Exception(message)
{
    public int Status { get; } = status;

    public int ErrorCode { get; } = errorCode;

    public static RegistryException SubjectNotFound(string subject) =>
        new(404, 40401, $"Subject '{subject}' not found.");

    public static RegistryException VersionNotFound(string version) => new(404, 40402, $"Version {version} not found.");

    public static RegistryException SchemaNotFound() => new(404, 40403, "Schema not found.");

    public static RegistryException SubjectDeleted(string subject) =>
        new(404, 40404, $"Subject '{subject}' was soft deleted. Set permanent=true to delete it permanently.");

    public static RegistryException SubjectNotDeleted(string subject) =>
        new(404, 40405, $"Subject '{subject}' was not deleted first before being permanently deleted.");

    public static RegistryException VersionDeleted(string subject, int version) =>
        new(404, 40406,
            $"Subject '{subject}' version {version} was soft deleted. Set permanent=true to delete it permanently.");

    public static RegistryException VersionNotDeleted(string subject, int version) =>
        new(404, 40407,
            $"Subject '{subject}' version {version} was not deleted first before being permanently deleted.");

    public static RegistryException NoSubjectLevel(string subject) =>
        new(404, 40408, $"Subject '{subject}' does not have subject-level compatibility configured.");

    public static RegistryException NoSubjectMode(string subject) =>
        new(404, 40409, $"Subject '{subject}' does not have subject-level mode configured.");

    public static RegistryException InvalidMode() => new(
        422, 42204, "Invalid mode. Valid values are READWRITE, READONLY, READONLY_OVERRIDE and IMPORT.");

    public static RegistryException NotPermitted(string reason) => new(422, 42205, reason);

    public static RegistryException Incompatible(IEnumerable<string> problems) => new(
        409, 40901, "Schema being registered is incompatible with an earlier schema: " + string.Join("; ", problems));

    public static RegistryException InvalidSchema(string reason) => new(422, 42201, "Invalid schema: " + reason);

    public static RegistryException InvalidVersion(string version) => new(
        422, 42202, $"The specified version '{version}' is not a valid version id. Allowed values are between [1, "
            + "2^31-1] and 'latest'.");

    public static RegistryException InvalidLevel() => new(
        422, 42203, "Invalid compatibility level. Valid values are none, backward, forward, full, backward_transitive, "
        + "forward_transitive, and full_transitive.");

    public static RegistryException BadRequest(string reason) => new(400, 400, reason);
}
