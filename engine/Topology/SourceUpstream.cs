namespace Alloc.Engine.Topology;

/// <summary>
/// The group of ours that writes a source topic. The source is known only as far as this group has got: neither its
/// records' timestamps nor its end tell what the group has still to write.
/// </summary>
/// <param name="Group">The group, an <c>application.id</c>.</param>
/// <param name="Sources">What it reads, each with what writes it in turn.</param>
public sealed record SourceUpstream(string Group, IReadOnlyList<UpstreamSource> Sources);

/// <summary>A topic that an upstream group reads.</summary>
/// <param name="Topic">The topic.</param>
/// <param name="Upstream">Who writes it in turn; null where others do.</param>
public sealed record UpstreamSource(string Topic, SourceUpstream? Upstream = null);
