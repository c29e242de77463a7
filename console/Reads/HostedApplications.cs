using Alloc.Engine.Runtime;

namespace Alloc.Web.Reads;

/// <summary>One of the applications that an instance runs.</summary>
/// <param name="Role">What it does, as <c>--roles</c> names it.</param>
/// <param name="Application">The application; null while it is not there yet.</param>
/// <param name="StartFailure">Why it could not be started, or null.</param>
public sealed record HostedApplication(
    string Role, Func<StreamsApplication?> Application, Func<string?> StartFailure)
{
    /// <summary>Why it does not work and will not by itself; null where it does, or may.</summary>
    public string? Failure => StartFailure() ?? (Application() is { State: StreamsState.Error } stopped
        ? stopped.Failure?.Message ?? "It stopped, and no reason was given."
        : null);
}

/// <summary>
/// The applications of an instance, most important first. Each has a group and a state of its own: what stops one of
/// them hinders no other.
/// </summary>
/// <param name="all">They; at least one.</param>
public sealed class HostedApplications(IReadOnlyList<HostedApplication> all)
{
    /// <summary>The role that decides.</summary>
    public const string Allocation = "allocation";

    /// <summary>All of them.</summary>
    public IReadOnlyList<HostedApplication> All => all;

    /// <summary>The one that the instance is judged by: the one that decides, where it is here.</summary>
    public HostedApplication Primary => all[0];

    /// <summary>
    /// Why only a restart helps, or null: the application that decides stopped; in an instance without it, all of them
    /// did.
    /// </summary>
    public string? Failure => Primary.Role == Allocation || all.All(a => a.Failure is not null)
        ? Primary.Failure
        : null;

    /// <summary>The application of a role; null where it is not here.</summary>
    public HostedApplication? Find(string role) => all.FirstOrDefault(a => a.Role == role);

    /// <summary>The roles, as they are written.</summary>
    public string Names => string.Join(",", all.Select(a => a.Role));
}
