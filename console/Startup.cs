using Alloc.Web.Endpoints;
using Microsoft.AspNetCore.Http;

namespace Alloc.Web;

/// <summary>
/// Whether the instance works yet, and what it waits for until then. Before it does, only health, readiness, metrics
/// and runbooks are answered; everything else is told to come back. Thread-safe.
/// </summary>
public sealed class Startup
{
    private static readonly string[] AlwaysAnswered = ["/healthz", "/readyz", "/metrics"];
    private volatile string? waitingFor = "The instance starts.";

    /// <summary>What is awaited, in words; null once the instance works.</summary>
    public string? WaitingFor => waitingFor;

    /// <summary>Says what is awaited.</summary>
    public void WaitFor(string what) => waitingFor = what;

    /// <summary>Nothing is awaited any more.</summary>
    public void Finish() => waitingFor = null;

    /// <summary>Lets a request through, or answers 503 with what is awaited.</summary>
    public Task GuardAsync(HttpContext context, RequestDelegate next)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(next);
        if (waitingFor is not { } reason || AlwaysAnswered.Contains(context.Request.Path.Value, StringComparer.Ordinal)
            || context.Request.Path.StartsWithSegments(RunbookEndpoints.Path.TrimEnd('/')))
        {
            return next(context);
        }
        context.Response.Headers.RetryAfter = "1";
        return Problem.WriteAsync(context, 503, "Not ready", reason);
    }
}
