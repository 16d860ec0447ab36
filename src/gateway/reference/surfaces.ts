/** Surfaces beside conversations, and videos, in the reference. What they take and answer is told where they are served. */
import type { RouteConfig } from '@hono/zod-openapi';
import { answers } from '../../api.ts';
import { SURFACES_TOLD, type SurfaceTold } from '../surfaces/reference.ts';
import { VIDEOS_TOLD } from '../videos/reference.ts';
import { AnswerHeaders, common, contentOf, Repeated } from './answered.ts';
import { CALL_REFUSALS, CONTENT_REFUSALS, refusals, VIDEO_REFUSALS } from './refusals.ts';

export const SURFACES: readonly RouteConfig[] = Object.entries(SURFACES_TOLD).map(surfaceRoute);

export const VIDEOS: readonly RouteConfig[] = [
  {
    ...common,
    method: 'post',
    path: '/v1/videos',
    summary: VIDEOS_TOLD.create.summary,
    description: VIDEOS_TOLD.create.description,
    request: { headers: Repeated, body: { required: true, content: contentOf(VIDEOS_TOLD.create.bodies) } },
    responses: {
      200: { ...answers('The video, begun', VIDEOS_TOLD.create.answer), headers: AnswerHeaders },
      ...refusals(CALL_REFUSALS),
    },
  },
  {
    ...common,
    method: 'get',
    path: '/v1/videos/{id}',
    summary: VIDEOS_TOLD.show.summary,
    description: VIDEOS_TOLD.show.description,
    request: VIDEOS_TOLD.show.request,
    responses: { 200: answers('The video', VIDEOS_TOLD.show.answer), ...refusals(VIDEO_REFUSALS) },
  },
  {
    ...common,
    method: 'get',
    path: '/v1/videos/{id}/content',
    summary: VIDEOS_TOLD.content.summary,
    request: VIDEOS_TOLD.content.request,
    responses: {
      200: { description: 'All of it', content: contentOf(VIDEOS_TOLD.content.answer) },
      206: { description: 'The part that was asked for', content: contentOf(VIDEOS_TOLD.content.answer) },
      ...refusals(CONTENT_REFUSALS),
    },
  },
  {
    ...common,
    method: 'delete',
    path: '/v1/videos/{id}',
    summary: VIDEOS_TOLD.remove.summary,
    description: VIDEOS_TOLD.remove.description,
    request: VIDEOS_TOLD.remove.request,
    responses: { 200: answers('It is no more', VIDEOS_TOLD.remove.answer), ...refusals(VIDEO_REFUSALS) },
  },
];

/** A surface beside conversations. */
function surfaceRoute([id, { summary, body: taken, form, answer }]: [string, SurfaceTold]): RouteConfig {
  const type = form ? 'multipart/form-data' : 'application/json';
  return {
    ...common,
    method: 'post',
    path: `/v1/${id}`,
    summary,
    request: { headers: Repeated, body: { required: true, content: contentOf({ [type]: taken }) } },
    responses: {
      200: { description: 'The answer', headers: AnswerHeaders, content: contentOf(answer) },
      ...refusals(CALL_REFUSALS),
    },
  };
}
