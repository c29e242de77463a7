using System.ComponentModel;

namespace System.Runtime.CompilerServices;

/// <summary>What the compiler wants of netstandard2.0 for records and init-only properties.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
internal static class IsExternalInit
{
}
