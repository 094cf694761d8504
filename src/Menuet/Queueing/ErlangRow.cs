using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Menuet.Queueing;

/// <summary>Erlang C of one stage under many streams at once, eight lanes wide.</summary>
/// <remarks>
/// The recursion of <see cref="Erlang"/> with a multiplication by 1/a in place of the division; it starts where the terms before it, a factor of
/// e^{−81/2} at most, no longer enter a double, and ends where
/// the result is below 1e-25. Error 1e-13 relative or 1e-25 absolute. The lanes are grouped the same way on every machine.
/// </remarks>
internal static class ErlangRow
{
    /// <summary>How many lanes a group has; spans are multiples of it.</summary>
    internal const int Lanes = 8;

    private const int Chains = 4;   // independent recursions that hide the latency of one

    /// <summary>Fills C and r = cμ − λ; C = 1 where r ≤ 0.</summary>
    /// <param name="stage">The stage.</param>
    /// <param name="arrivalRates">λ; length a multiple of <see cref="Lanes"/>.</param>
    /// <param name="waiting">C; same length.</param>
    /// <param name="spare">r; same length.</param>
    internal static void Fill(ServiceStage stage, ReadOnlySpan<double> arrivalRates, Span<double> waiting, Span<double> spare)
    {
        if (stage.Servers > 256)
        {
            for (var i = 0; i < arrivalRates.Length; i++)
            {
                spare[i] = Math.FusedMultiplyAdd(stage.Servers, stage.ServiceRate, -arrivalRates[i]);
                waiting[i] = spare[i] > 0 ? Erlang.WaitingProbability(stage.Servers, Math.Min(arrivalRates[i] / stage.ServiceRate, double.MaxValue)) : 1;
            }

            return;
        }

        var rates = MemoryMarshal.Cast<double, Vector512<double>>(arrivalRates);
        var delays = MemoryMarshal.Cast<double, Vector512<double>>(waiting);
        var spares = MemoryMarshal.Cast<double, Vector512<double>>(spare);
        var enough = Vector512.Create(1e26);
        var group = 0;
        for (; group + Chains <= rates.Length; group += Chains)
        {
            var (a, b, c, d) = (Load(stage, rates[group]), Load(stage, rates[group + 1]), Load(stage, rates[group + 2]), Load(stage, rates[group + 3]));
            var (ia, ib, ic, id) = (Vector512<double>.One / a, Vector512<double>.One / b, Vector512<double>.One / c, Vector512<double>.One / d);
            var (xa, xb, xc, xd) = (Vector512<double>.One, Vector512<double>.One, Vector512<double>.One, Vector512<double>.One);
            var first = First(stage.Servers, Vector512.Min(Vector512.Min(a, b), Vector512.Min(c, d)));
            var step = Vector512.Create((double)first);
            for (var k = first; k < stage.Servers; k++)
            {
                step += Vector512<double>.One;
                xa = Vector512.FusedMultiplyAdd(step * ia, xa, Vector512<double>.One);
                xb = Vector512.FusedMultiplyAdd(step * ib, xb, Vector512<double>.One);
                xc = Vector512.FusedMultiplyAdd(step * ic, xc, Vector512<double>.One);
                xd = Vector512.FusedMultiplyAdd(step * id, xd, Vector512<double>.One);
                if ((k & 15) == 15 && Vector512.GreaterThanAll(Vector512.Min(Vector512.Min(xa, xb), Vector512.Min(xc, xd)), enough))
                {
                    break;
                }
            }

            Finish(stage, rates[group], a, xa, out delays[group], out spares[group]);
            Finish(stage, rates[group + 1], b, xb, out delays[group + 1], out spares[group + 1]);
            Finish(stage, rates[group + 2], c, xc, out delays[group + 2], out spares[group + 2]);
            Finish(stage, rates[group + 3], d, xd, out delays[group + 3], out spares[group + 3]);
        }

        for (; group < rates.Length; group++)
        {
            var a = Load(stage, rates[group]);
            var inverse = Vector512<double>.One / a;
            var x = Vector512<double>.One;
            var first = First(stage.Servers, a);
            var step = Vector512.Create((double)first);
            for (var k = first; k < stage.Servers; k++)
            {
                step += Vector512<double>.One;
                x = Vector512.FusedMultiplyAdd(step * inverse, x, Vector512<double>.One);
                if ((k & 15) == 15 && Vector512.GreaterThanAll(x, enough))
                {
                    break;
                }
            }

            Finish(stage, rates[group], a, x, out delays[group], out spares[group]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> Load(ServiceStage stage, Vector512<double> rate) => rate / Vector512.Create(stage.ServiceRate);

    private static int First(int servers, Vector512<double> load)
    {
        var least = (double)servers;
        for (var lane = 0; lane < Lanes; lane++)
        {
            least = Math.Min(least, load[lane]);
        }

        return Math.Max(0, (int)(least - (9 * Math.Sqrt(least))) - 1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish(
        ServiceStage stage, Vector512<double> rate, Vector512<double> load, Vector512<double> x, out Vector512<double> waiting, out Vector512<double> spare)
    {
        var servers = Vector512.Create((double)stage.Servers);
        spare = Vector512.FusedMultiplyAdd(servers, Vector512.Create(stage.ServiceRate), -rate);
        var blocking = Vector512<double>.One / x;
        var delay = blocking * servers / Vector512.FusedMultiplyAdd(load, blocking, servers - load);
        // load × blocking is at most servers where the stage is stable, so only overload makes these lanes anything but a probability.
        waiting = Vector512.ConditionalSelect(
            Vector512.GreaterThan(spare, Vector512<double>.Zero) & Vector512.LessThan(load, servers), Vector512.Min(Vector512<double>.One, delay), Vector512<double>.One);
    }
}
