// Two short tones, made on the spot. A browser is silent until the first gesture on the page, and so is this.

let context: AudioContext | null = null;

export function unlock() {
  try {
    context ??= new AudioContext();
    if (context.state === 'suspended') void context.resume();
  } catch {
    context = null;
  }
}

export function play(kind: 'soft' | 'ring', volume: number) {
  if (context?.state !== 'running' || volume <= 0) return;
  const tones = kind === 'ring' ? [784, 988, 784, 988] : [880, 1175];
  for (const [index, tone] of tones.entries()) {
    const from = context.currentTime + index * 0.14;
    const gain = context.createGain();
    gain.gain.setValueAtTime(0, from);
    gain.gain.linearRampToValueAtTime(volume * 0.25, from + 0.015);
    gain.gain.exponentialRampToValueAtTime(0.0001, from + 0.32);
    const voice = context.createOscillator();
    voice.type = 'sine';
    voice.frequency.value = tone;
    voice.connect(gain).connect(context.destination);
    voice.start(from);
    voice.stop(from + 0.34);
  }
}
