using System.Runtime.CompilerServices;

namespace Menuet.Learning.Autodiff;

/// <summary>A pinned array that begins on a cache line; nothing to free.</summary>
internal readonly unsafe struct Memory
{
    private readonly float[] _array;

    internal Memory(int length)
    {
        _array = GC.AllocateArray<float>(length + 16, pinned: true);
        var address = (nint)Unsafe.AsPointer(ref _array[0]);
        Start = (float*)((address + 63) & ~(nint)63);
        Length = length;
    }

    internal float* Start { get; }

    internal int Length { get; }

    internal Span<float> Span => _array is null ? default : new(Start, Length);
}
