using FsCheck;
using FsCheck.Fluent;
using Menuet.Queueing;

namespace Menuet.Tests.Queueing;

/// <summary>Random tandems: one to three stages, one to 300 servers, rates over four decades (often equal), loads from none to near saturation.</summary>
internal sealed record QueueDraw(ServiceStage[] Stages, double ArrivalRate)
{
    internal double ServiceTime => Stages.Sum(s => 1 / s.ServiceRate);

    internal StageLaw[] Laws => [.. Stages.Select(s => new StageLaw(s, ArrivalRate))];

    internal static Arbitrary<QueueDraw> Any { get; } =
        (from count in Gen.Choose(1, 3)
         from servers in Gen.ArrayOf(Gen.Elements(1, 1, 2, 3, 5, 12, 48, 300), count)
         from rates in Gen.ArrayOf(Gen.OneOf(Gen.Choose(-2000, 2000).Select(k => Math.Pow(10, k / 1000.0)), Gen.Constant(10.0)), count)
         from share in Gen.Frequency(
             (6, Gen.Choose(0, 999).Select(k => k / 1000.0)), (1, Gen.Elements(0.5, 0.999999, 1e-9)))
         let stages = servers.Zip(rates, (c, mu) => new ServiceStage(c, mu)).ToArray()
         select new QueueDraw(stages, share * stages.Min(s => s.Servers * s.ServiceRate))).ToArbitrary();

    public override string ToString() => $"{string.Join(" ", Stages.Select(s => $"{s.Servers}x{s.ServiceRate:R}"))} at {ArrivalRate:R}";
}
