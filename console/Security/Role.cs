using Microsoft.AspNetCore.Http;

namespace Alloc.Web.Security;

/// <summary>What a caller may do; each role includes those before it.</summary>
public enum Role
{
    /// <summary>Nothing: the caller is unknown.</summary>
    None,

    /// <summary>Reads.</summary>
    Viewer,

    /// <summary>Actions that let an instance do its work: checkpoints, building a search anew.</summary>
    Operator,

    /// <summary>Everything, also what overrides a protection and cannot be taken back.</summary>
    Admin,
}

/// <summary>The role that a route needs, where that is not what its method says.</summary>
/// <param name="Role">The least role.</param>
public sealed record RequiredRole(Role Role)
{
    /// <summary>
    /// The least role for a route. What reads needs a viewer; what acts, and does not say whom it needs, an admin: a
    /// route that forgot to say it is closed, not open.
    /// </summary>
    public static Role Of(Endpoint? endpoint, bool isRead) =>
        endpoint?.Metadata.GetMetadata<RequiredRole>()?.Role ?? (isRead ? Role.Viewer : Role.Admin);
}
