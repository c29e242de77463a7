using Alloc.Processors.Documents;

namespace Alloc.Processors.Catalogue;

/// <summary>Services that must act on an event of the journal and say so by a receipt.</summary>
/// <param name="Id">The row's id.</param>
/// <param name="Event">Name of the event, as outcomes have it: <c>Confirmed</c>.</param>
/// <param name="Services">The services, as receipts name them; at least one.</param>
/// <param name="Sla">How long each may take, from 1 second to 30 days.</param>
public sealed record EffectRow(string Id, string Event, ValueList<string> Services, TimeSpan Sla);
