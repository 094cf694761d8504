namespace Menuet.Queueing;

/// <summary>One stage of service: c parallel servers, each exponential with rate μ.</summary>
/// <param name="Servers">c ≥ 1: channels, or GPU instances.</param>
/// <param name="ServiceRate">μ &gt; 0, tasks per second of one server.</param>
public readonly record struct ServiceStage(int Servers, double ServiceRate);
