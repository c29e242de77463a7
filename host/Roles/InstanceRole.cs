namespace Alloc.Host.Roles;

/// <summary>
/// What an instance can do; each is an application with a group, a state directory and metrics of its own, so that one
/// that falls behind or stops hinders no other. In the order of their importance.
/// </summary>
internal enum InstanceRole
{
    /// <summary>Decides commands.</summary>
    Allocation,

    /// <summary>Makes commands of the facts of warehouses.</summary>
    SupplyBridge,

    /// <summary>Copies outcomes to where the outcomes of an order lie together.</summary>
    ByOrder,

    /// <summary>Measures what waits in the stages.</summary>
    Backlog,

    /// <summary>Finds where records of one truth disagree.</summary>
    Reconciliation,

    /// <summary>Answers searches.</summary>
    Projection,

    /// <summary>Decides what another system decides, to a topic of its own.</summary>
    Shadow,
}

/// <summary>Roles in words.</summary>
internal static class InstanceRoles
{
    /// <summary>
    /// What an instance does when nothing else is said: all but the shadow, which a migration begins.
    /// </summary>
    public static IReadOnlySet<InstanceRole> Usual { get; } = new HashSet<InstanceRole>
    {
        InstanceRole.Allocation, InstanceRole.SupplyBridge, InstanceRole.ByOrder, InstanceRole.Backlog,
        InstanceRole.Reconciliation, InstanceRole.Projection,
    };

    /// <summary>As it is written: <c>by-order</c>.</summary>
    public static string Word(InstanceRole role) => string.Concat(role.ToString().Select(
        (c, i) => char.IsUpper(c) && i > 0 ? $"-{char.ToLowerInvariant(c)}" : $"{char.ToLowerInvariant(c)}"));

    /// <summary>The application id of a role, from the one that the instance was given.</summary>
    public static string IdOf(string applicationId, InstanceRole role) =>
        role == InstanceRole.Allocation ? applicationId : $"{applicationId}-{Word(role)}";
}
