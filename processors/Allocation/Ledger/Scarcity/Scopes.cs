using System.Diagnostics;
using Alloc.Processors.Allocation.Policy;

namespace Alloc.Processors.Allocation.Ledger.Scarcity;

/// <summary>
/// Names of what usage is counted by: <c>class/X</c>, <c>channel/X</c>, <c>tier/X</c>, <c>customer/X</c> and
/// <c>dealer/X</c>. Usage of a scope is the sum over the reservations of a pool that have it.
/// </summary>
public static class Scopes
{
    /// <summary>Attribute of a hold that names the dealer.</summary>
    public const string DealerAttribute = "dealer";

    /// <summary>Scope of a priority class.</summary>
    public static string OfClass(string priorityClass) => "class/" + priorityClass;

    /// <summary>Scope of a channel.</summary>
    public static string OfChannel(string channel) => "channel/" + channel;

    /// <summary>Scope of a tier.</summary>
    public static string OfTier(string tier) => "tier/" + tier;

    /// <summary>Scope of a customer.</summary>
    public static string OfCustomer(string customer) => "customer/" + customer;

    /// <summary>Scope of a dealer.</summary>
    public static string OfDealer(string dealer) => "dealer/" + dealer;

    /// <summary>The kind of scope in words: what a request has to name.</summary>
    public static string NameOf(QuotaScope kind) => kind switch
    {
        QuotaScope.Class => "class",
        QuotaScope.Channel => "channel",
        QuotaScope.Tier => "tier",
        QuotaScope.Customer => "customer",
        QuotaScope.Dealer => "dealer",
        _ => throw new UnreachableException(),
    };

    /// <summary>The kind and the value of a scope that a quota can be for.</summary>
    public static bool TryRead(string scope, out QuotaScope kind, out string value)
    {
        var slash = scope.IndexOf('/', StringComparison.Ordinal);
        QuotaScope? found = (slash < 0 ? "" : scope[..slash]) switch
        {
            "class" => QuotaScope.Class,
            "channel" => QuotaScope.Channel,
            "tier" => QuotaScope.Tier,
            "customer" => QuotaScope.Customer,
            "dealer" => QuotaScope.Dealer,
            _ => null,
        };
        kind = found ?? default;
        value = scope[(slash + 1)..];
        return found is not null;
    }

    /// <summary>Scope of a value that a quota is for.</summary>
    public static string Of(QuotaScope kind, string value) => kind switch
    {
        QuotaScope.Class => OfClass(value),
        QuotaScope.Channel => OfChannel(value),
        QuotaScope.Tier => OfTier(value),
        QuotaScope.Customer => OfCustomer(value),
        QuotaScope.Dealer => OfDealer(value),
        _ => throw new UnreachableException(),
    };
}
