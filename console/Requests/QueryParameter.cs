using System.Globalization;
using Alloc.Processors.Notation;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Alloc.Web.Requests;

/// <summary>One query parameter that a route takes: its name, and what its value must be.</summary>
/// <param name="Name">As it is written in the URL.</param>
/// <param name="Problem">What is wrong with a value that is not blank, in words; null where nothing is.</param>
public record QueryParameter(string Name, Func<string, string?> Problem)
{
    /// <summary>Any text.</summary>
    public static QueryParameter Text(string name, int mostCharacters = int.MaxValue) => new(
        name, value => value.Length <= mostCharacters ? null : $"is longer than {mostCharacters} characters");

    /// <summary>A whole number.</summary>
    public static NumberParameter Number(string name, long least, long most = long.MaxValue) => new(name, least, most);

    /// <summary>True or false; false where it is absent.</summary>
    public static FlagParameter Flag(string name) => new(name);

    /// <summary>A duration, as everywhere.</summary>
    public static QueryParameter Duration(string name) => new(
        name,
        value => !DurationText.TryRead(value, out var ms, out var problem) ? problem
            : ms > QueryParameters.LongestMs
                ? $"is longer than {DurationText.Show(QueryParameters.LongestMs)}" : null);

    /// <summary>One of the names of an enumeration, in capitals or not.</summary>
    public static QueryParameter Word<T>(string name)
        where T : struct, Enum => new(
        name,
        value => Enum.GetNames<T>().Contains(value, StringComparer.OrdinalIgnoreCase)
            ? null : $"is none of {string.Join(", ", Enum.GetNames<T>())}");
}

/// <summary>A whole number from <paramref name="Least"/> to <paramref name="Most"/>.</summary>
/// <param name="Name">As it is written in the URL.</param>
/// <param name="Least">The least that is taken.</param>
/// <param name="Most">The most that is taken.</param>
public sealed record NumberParameter(string Name, long Least, long Most) : QueryParameter(
    Name,
    value => TryRead(value, out var number) && number >= Least && number <= Most
        ? null
        : string.Create(CultureInfo.InvariantCulture, $"is not a whole number from {Least} to {Most}"))
{
    /// <summary>Its value in a query that was let through; null where it is absent.</summary>
    public long? Of(IQueryCollection query) =>
        TryRead(query[Name].ToString(), out var number) ? number : null;

    private static bool TryRead(string value, out long number) =>
        long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}

/// <summary>True or false.</summary>
/// <param name="Name">As it is written in the URL.</param>
public sealed record FlagParameter(string Name)
    : QueryParameter(Name, value => value is "true" or "false" ? null : "is neither true nor false")
{
    /// <summary>Its value in a query that was let through; false where it is absent.</summary>
    public bool Of(IQueryCollection query) => query[Name] == "true";
}

/// <summary>All query parameters that a route takes; a route that says nothing takes none.</summary>
public sealed record QueryParameters(IReadOnlyList<QueryParameter> Known)
{
    /// <summary>The longest duration that a parameter may name: a hundred years.</summary>
    internal const long LongestMs = 36_500L * 86_400_000;

    /// <summary>Of a route that takes none.</summary>
    public static QueryParameters None { get; } = new([]);
}

/// <summary>What a route says about the requests that it answers.</summary>
public static class RouteRequirements
{
    /// <summary>The query parameters that the route takes; any other is refused.</summary>
    public static T Takes<T>(this T route, params QueryParameter[] parameters)
        where T : IEndpointConventionBuilder => route.WithMetadata(new QueryParameters(parameters));

    /// <summary>The role that a caller needs, where that is not what the method says.</summary>
    public static T Needs<T>(this T route, Security.Role role)
        where T : IEndpointConventionBuilder => route.WithMetadata(new Security.RequiredRole(role));
}
