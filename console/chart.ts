import uPlot from 'uplot'

/** A stretch of time in which messages may be missing, in seconds since 1970. */
export interface Stretch {
  from: number
  to: number
}

/** Messages a second, and where some may be missing. */
export class Chart {
  readonly #place: HTMLElement
  readonly #gaps: readonly Stretch[]
  #plot: uPlot | undefined
  #data: uPlot.AlignedData = [[], []]

  constructor(place: HTMLElement, gaps: readonly Stretch[]) {
    this.#place = place
    this.#gaps = gaps
    new ResizeObserver(() => {
      const { clientWidth: width } = place
      if (width > 0 && this.#plot && this.#plot.width !== width) this.#plot.setSize({ width, height: HEIGHT })
    }).observe(place)
    // The colours of a canvas do not follow by themselves.
    addEventListener('themechange', () => this.#draw())
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#draw())
  }

  show(data: [seconds: number[], messages: number[]]): void {
    this.#data = data
    if (this.#plot) this.#plot.setData(data)
    else if (this.#place.clientWidth > 0) this.#draw()
  }

  #draw(): void {
    this.#plot?.destroy()
    // A canvas does not know `light-dark()`: as the colour of an element it is resolved.
    const probe = this.#place.appendChild(document.createElement('span'))
    const colour = (name: string) => {
      probe.style.color = `var(--chart-${name})`
      return getComputedStyle(probe).color
    }
    const [line, fill, grid, text, gap] = ['line', 'fill', 'grid', 'text', 'gap'].map(colour)
    probe.remove()
    const axis = { stroke: text ?? '', grid: { stroke: grid ?? '', width: 1 }, ticks: { show: false }, font: FONT }
    this.#plot = new uPlot(
      {
        width: this.#place.clientWidth,
        height: HEIGHT,
        legend: { show: false },
        cursor: { show: false },
        padding: [8, 26, 0, 0],
        scales: { y: { range: (_plot, _low, high) => [0, Math.max(4, high * 1.15)] } },
        axes: [
          {
            ...axis,
            size: 22,
            space: 90,
            values: (_plot, at) => at.map(second => new Date(second * 1000).toTimeString().slice(0, 8)),
          },
          {
            ...axis,
            size: 38,
            space: 30,
            gap: 6,
            incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000],
          },
        ],
        series: [{}, { stroke: line ?? '', fill: fill ?? '', width: 1.5, points: { show: false } }],
        hooks: { drawAxes: [plot => this.#drawGaps(plot, gap ?? '')] },
      },
      this.#data,
      this.#place,
    )
  }

  #drawGaps(plot: uPlot, colour: string): void {
    const { ctx, bbox } = plot
    ctx.save()
    ctx.beginPath()
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height)
    ctx.clip()
    ctx.fillStyle = colour
    for (const { from, to } of this.#gaps) {
      const left = plot.valToPos(from, 'x', true)
      ctx.fillRect(left, bbox.top, Math.max(3, plot.valToPos(to, 'x', true) - left), bbox.height)
    }
    ctx.restore()
  }
}

const HEIGHT = 132
const FONT = '11px system-ui, sans-serif'
