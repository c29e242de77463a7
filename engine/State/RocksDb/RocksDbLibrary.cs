using System.Runtime.InteropServices;

namespace Alloc.Engine.State.RocksDb;

/// <summary>Finds the native library, under the name that the system's packages give it.</summary>
internal static class RocksDbLibrary
{
    /// <summary>The version whose interface <see cref="RocksDbNative"/> declares.</summary>
    private const string FileName = "librocksdb.so.7.8";

    private static readonly Lock Gate = new();
    private static bool loaded;

    /// <summary>Prepares the library; call before its first use. Repeats do nothing.</summary>
    /// <exception cref="StateLibraryMissingException">It is not installed; the text says what to do.</exception>
    public static void Load()
    {
        lock (Gate)
        {
            if (loaded)
            {
                return;
            }
            if (!NativeLibrary.TryLoad(FileName, out var handle))
            {
                throw new StateLibraryMissingException(
                    $"The state store's library {FileName} is not installed. Run 'make deps', or install "
                    + "librocksdb7.8.");
            }
            NativeLibrary.SetDllImportResolver(
                typeof(RocksDbLibrary).Assembly, (name, _, _) => name == RocksDbNative.Library ? handle : 0);
            loaded = true;
        }
    }
}
